package demo

import "time"

// behaviour holds every figure of the simulation. docs/demo.md lists them.
type behaviour struct {
	delayFactor float64 // of everything that the services take

	// What the services take when delays are on.
	gatewayWork  spread // holds one of the gateway's service slots
	inboundWork  spread
	uploadWork   spread
	adminRead    spread
	adminWrite   spread
	vectorSearch spread
	vectorUpsert spread
	embedding    spread
	primaryModel spread
	fallback     spread
	actions      map[string]spread // per action type

	// Gateway queue: beyond either bound the answer is 503.
	capacity       int
	queueLength    int
	queueWait      time.Duration
	forwardTimeout time.Duration

	// Language model.
	llmShare        float64       // of messages that retrieval alone does not answer
	llmPerSecond    float64       // quota of calls; the rest is answered from retrieval
	primaryTimeout  time.Duration // then the fallback model is asked
	fallbackTimeout time.Duration
	breakerTrip     int // consecutive failures that open it, successes that close it
	breakerTrials   int // calls that an open breaker lets through at once

	// Retrieval.
	retrievalTimeout time.Duration
	retrievalFresh   time.Duration // how long a found answer is reused, more or less a quarter
	retrievalKept    int           // answers kept

	// Outbound stream.
	streamLength  int64         // entries kept in Redis
	streamBuffer  int           // messages held for replay while Redis is away
	streamBatch   int           // messages appended in one round trip
	streamWait    time.Duration // a message waits this long for its append
	streamBackoff [2]time.Duration
	ratePerTenant int64 // messages a second, counted in Redis

	probeEvery time.Duration // between health checks

	rotation rotationTimes

	// Workers.
	pollEvery        time.Duration
	automationPool   int
	automationQueue  int64 // entries kept in Redis
	failureShare     float64
	ingestionPool    int
	ingestionBackoff [2]time.Duration // first and longest wait between attempts
	ingestionTries   uint
	ingestionTimeout time.Duration // of one vector store call
	jobsKept         int           // finished jobs remembered, over all tenants
}

func defaultBehaviour() behaviour {
	const ms = time.Millisecond
	return behaviour{
		delayFactor: 1,

		gatewayWork:  spread{28 * ms, 0.35},
		inboundWork:  spread{9 * ms, 0.4},
		uploadWork:   spread{190 * ms, 0.3},
		adminRead:    spread{25 * ms, 0.4},
		adminWrite:   spread{45 * ms, 0.4},
		vectorSearch: spread{8 * ms, 0.4},
		vectorUpsert: spread{60 * ms, 0.4},
		embedding:    spread{350 * ms, 0.4},
		primaryModel: spread{170 * ms, 0.4},
		fallback:     spread{70 * ms, 0.3},
		actions: map[string]spread{
			actionWebhook: {290 * ms, 0.4},
			actionCRM:     {420 * ms, 0.35},
			actionEmail:   {200 * ms, 0.35},
		},

		capacity:       15,
		queueLength:    2048,
		queueWait:      4 * time.Second,
		forwardTimeout: 10 * time.Second,

		llmShare:        0.25,
		llmPerSecond:    200,
		primaryTimeout:  900 * ms,
		fallbackTimeout: 2 * time.Second,
		breakerTrip:     5,
		breakerTrials:   128,

		retrievalTimeout: 1500 * ms,
		retrievalFresh:   time.Second,
		retrievalKept:    4096,

		streamLength:  10_000,
		streamBuffer:  2048,
		streamBatch:   512,
		streamWait:    250 * ms,
		streamBackoff: [2]time.Duration{50 * ms, time.Second},
		ratePerTenant: 50_000,

		probeEvery: 2 * time.Second,

		rotation: rotationTimes{
			restart:  time.Second,
			grace:    30 * time.Second,
			minReady: 5 * time.Second,
			overlap:  10 * time.Second,
			lag:      20 * time.Second,
		},

		pollEvery:        25 * ms,
		automationPool:   32,
		automationQueue:  1000,
		failureShare:     0.002,
		ingestionPool:    16,
		ingestionBackoff: [2]time.Duration{250 * ms, 8 * time.Second},
		ingestionTries:   45,
		ingestionTimeout: 700 * ms,
		jobsKept:         1000,
	}
}
