// What squall does for a message, done by k6 as the plan's own script does it: a
// JSON body of the same fields with a new event id and time, signed with
// HMAC-SHA256; the answer's status and body checked; latency and errors kept
// under the plan's names.
import http from 'k6/http';
import crypto from 'k6/crypto';
import { check, sleep } from 'k6';
import { Rate, Trend } from 'k6/metrics';

const url = __ENV.GATEWAY_URL;
const secret = __ENV.WEBHOOK_SECRET;
const thinkMin = parseFloat(__ENV.THINK_MIN || '0'); // seconds
const thinkMax = parseFloat(__ENV.THINK_MAX || '0');

const gatewayLatency = new Trend('gateway_latency', true);
const perfErrors = new Rate('perf_errors');

export const options = {
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'],
};

function uuid() {
  const hex = [];
  for (let i = 0; i < 8; i++) {
    hex.push(((Math.random() * 0x10000) | 0x10000).toString(16).slice(1));
  }
  return `${hex[0]}${hex[1]}-${hex[2]}-4${hex[3].slice(1)}-8${hex[4].slice(1)}-${hex[5]}${hex[6]}${hex[7]}`;
}

export default function () {
  const body = JSON.stringify({
    event_id: uuid(),
    tenant_id: '11111111-1111-4111-8111-111111111111',
    brand_id: '22222222-2222-4222-8222-222222222221',
    channel_id: '33333333-3333-4333-8333-333333333331',
    sender_id: `k6-${__VU}`,
    conversation_id: '44444444-4444-4444-8444-444444444444',
    locale: 'en-US',
    message: 'Where is my order?',
    occurred_at: new Date().toISOString(),
    metadata: { channel: 'webchat', source: 'k6', run: 'bench' },
    attachments: [],
  });
  const res = http.post(url, body, {
    headers: {
      'Content-Type': 'application/json',
      'X-Webchat-Signature': crypto.hmac('sha256', secret, body, 'hex'),
      'X-Request-ID': `k6-${__VU}-${__ITER}`,
    },
  });
  const ok = check(res, {
    'gateway answers 202': (r) => r.status === 202,
    'gateway says accepted': (r) => r.json('status') === 'accepted',
  });
  gatewayLatency.add(res.timings.duration);
  perfErrors.add(!ok);
  if (thinkMax > 0) {
    sleep(thinkMin + Math.random() * (thinkMax - thinkMin));
  }
}
