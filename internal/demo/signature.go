package demo

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Instagram's channel signs with it
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"sync"
)

// channel is one row of the gateway's table: where its messages arrive, how
// they are signed, and which of its fields differ from the other channels'.
type channel struct {
	name      string
	path      string
	header    string
	scheme    scheme
	textField string
	timeField string
	secret    string // in development, where nobody gave another
}

func channels() []channel {
	return []channel{
		{"webchat", "/webchat/webhook", "X-Webchat-Signature", hmacHex(sha256.New, "", lowerHex), "message", "occurred_at", "dev-web"},
		{"instagram", "/instagram/webhook", "X-Hub-Signature", hmacHex(sha1.New, "sha1=", anyHex), "message", "occurred_at", "dev-instagram"},
		{"whatsapp", "/whatsapp/webhook", "X-WHATSAPP-SIGNATURE", hmacHex(sha256.New, "", anyHex), "message", "timestamp", "dev-whatsapp"},
		{"telegram", "/telegram/webhook", "X-Telegram-Secret-Token", plainSecret, "text", "date", "dev-telegram"},
	}
}

func developmentSecrets() map[string]string {
	secrets := map[string]string{}
	for _, c := range channels() {
		secrets[c.name] = c.secret
	}
	return secrets
}

// verifier reports whether a signature header fits a raw body.
type verifier func(signature, body []byte) bool

// scheme makes the verifier for a secret.
type scheme func(secret string) verifier

// plainSecret: the header is the secret itself, compared in constant time.
func plainSecret(secret string) verifier {
	want := []byte(secret)
	return func(signature, _ []byte) bool {
		return subtle.ConstantTimeCompare(signature, want) == 1
	}
}

// letterCase is which hexadecimal digits a channel accepts.
type letterCase bool

const (
	lowerHex letterCase = false
	anyHex   letterCase = true
)

// hmacHex: the header is the HMAC of the body in hexadecimal; prefix may stand
// before it.
func hmacHex(newHash func() hash.Hash, prefix string, letters letterCase) scheme {
	return func(secret string) verifier {
		type state struct {
			mac       hash.Hash
			sum, sent []byte
		}
		// Keying an HMAC costs two hash blocks; keep the keyed ones.
		pool := sync.Pool{New: func() any {
			mac := hmac.New(newHash, []byte(secret))
			return &state{mac, make([]byte, 0, mac.Size()), make([]byte, mac.Size())}
		}}
		return func(signature, body []byte) bool {
			if len(signature) > len(prefix) && string(signature[:len(prefix)]) == prefix {
				signature = signature[len(prefix):]
			}
			s := pool.Get().(*state)
			defer pool.Put(s)
			if len(signature) != hex.EncodedLen(len(s.sent)) || (letters == lowerHex && hasUpper(signature)) {
				return false
			}
			if _, err := hex.Decode(s.sent, signature); err != nil {
				return false
			}
			s.mac.Reset()
			s.mac.Write(body)
			s.sum = s.mac.Sum(s.sum[:0])
			return subtle.ConstantTimeCompare(s.sent, s.sum) == 1
		}
	}
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if c >= 'A' && c <= 'F' {
			return true
		}
	}
	return false
}
