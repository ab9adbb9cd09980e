package load

import (
	"encoding/json"
	"testing"
	"time"
)

// talk is what a message says of its conversation.
type talk struct {
	Sender       string `json:"sender_id"`
	Brand        string `json:"brand_id"`
	Conversation string `json:"conversation_id"`
	Metadata     struct {
		Channel string `json:"channel"`
	} `json:"metadata"`
}

// A conversation has one sender, one brand and one channel, and as many messages as were drawn; whether it is
// the closed model or the open one that talks. By default every message begins one: none names any.
func TestConversations(t *testing.T) {
	for _, model := range []struct {
		name     string
		settings Settings
	}{
		{"closed", Settings{VUs: 20, Think: Think{time.Second, time.Second}}},
		{"open", Settings{Rate: 50}},
	} {
		for _, c := range []struct {
			length ConversationLength
			want   bool
		}{
			{ConversationLength{}, false},
			{ConversationLength{1, 1}, false},
			{ConversationLength{3, 3}, true},
			{ConversationLength{2, 5}, true},
		} {
			t.Run(model.name+" "+c.length.String(), func(t *testing.T) {
				o := pipeOptions()
				o.Conversation = c.length
				gateway := &pipeGateway{answer: func(int) time.Duration { return 100 * time.Millisecond }}
				var sent []talk
				inBubble(t, gateway, o, func(e *engine) {
					e.begin(model.settings)
					elapse(time.Minute)
					for _, a := range gateway.all() {
						var one talk
						if err := json.Unmarshal([]byte(a.body), &one); err != nil {
							t.Fatal(err)
						}
						sent = append(sent, one)
					}
				})
				if len(sent) < 1000 {
					t.Fatalf("%d messages", len(sent))
				}
				checkConversations(t, sent, c.length, c.want)
			})
		}
	}
}

func checkConversations(t *testing.T, sent []talk, length ConversationLength, named bool) {
	t.Helper()
	counts, of, last := map[string]int{}, map[string]talk{}, map[string]string{}
	brands := map[string]int{}
	for _, one := range sent {
		brands[one.Brand]++
		if (one.Conversation != "") != named {
			t.Fatalf("conversation %q, want one: %v", one.Conversation, named)
		}
		if !named {
			continue
		}
		if first, met := of[one.Conversation]; met && first != one {
			t.Fatalf("a conversation of two: %+v and %+v", first, one)
		}
		of[one.Conversation] = one
		counts[one.Conversation]++
		last[one.Sender] = one.Conversation
	}
	for brand, n := range brands {
		if share := float64(n) / float64(len(sent)) * float64(len(brands)); share < 0.8 || share > 1.2 {
			t.Errorf("brand %s has %d of %d messages, and there are %d brands", brand, n, len(sent), len(brands))
		}
	}
	seen := map[int]bool{}
	for id, n := range counts {
		if n > length.Max || n < length.Min && last[of[id].Sender] != id {
			t.Errorf("a conversation has %d messages, want %s", n, length)
		}
		seen[n] = true
	}
	if named && (!seen[length.Min] || !seen[length.Max]) {
		t.Errorf("lengths seen: %v, want %s", seen, length)
	}
}

// A channel that is taken out of the mix ends the conversations on it.
func TestConversationsFollowTheMix(t *testing.T) {
	s := newSender(&Options{Seed: 1}, 1, 1)
	both, one := newCumulative(Weights{Webchat: 1, Telegram: 1}), newCumulative(Weights{Webchat: 1})
	for s.channel != Telegram {
		s.next(0, []cumulative{both}, ConversationLength{1, 4})
	}
	s.left = 100
	was := s.talk
	if s.next(0, []cumulative{both}, ConversationLength{1, 4}); s.channel != Telegram || s.talk != was {
		t.Errorf("the conversation ended by itself: %+v", s)
	}
	if s.next(0, []cumulative{one}, ConversationLength{1, 4}); s.channel != Webchat || s.talk == was {
		t.Errorf("it went on over a channel without a share: %+v", s)
	}
}

// With the same seed another run has other conversations: the platform would go on with those of the run before.
func TestConversationsOfAnotherRun(t *testing.T) {
	ids := map[string]bool{}
	for _, run := range []string{"one", "two"} {
		o := pipeOptions()
		o.RunID = run
		g := newTestGateway(t, o)
		s := newSender(&g.options, 1, 1)
		for range 10 {
			s.next(0, []cumulative{newCumulative(DefaultMix())}, ConversationLength{2, 2})
			var one talk
			if err := json.Unmarshal(g.templates[0][s.channel].append(nil, &s, []byte("now")), &one); err != nil {
				t.Fatal(err)
			}
			ids[one.Conversation] = true
		}
	}
	if len(ids) != 10 {
		t.Errorf("%d conversations, want 5 of each run", len(ids))
	}
}
