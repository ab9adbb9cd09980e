package demo

import (
	"crypto/sha1"
	"crypto/sha256"
	"strings"
	"testing"
)

func TestKnownVectors(t *testing.T) {
	// The body of the openssl vectors: openssl dgst -sha256 -hmac dev-web FILE
	const body = `{"event_id":"0b8f6f0e-5d6a-4f0e-9a3e-2f6f6f0e5d6a","text":"سلام"}`
	for _, v := range []struct {
		name      string
		scheme    scheme
		secret    string
		body      string
		signature string
		want      bool
	}{
		{"RFC 4231 case 1", hmacHex(sha256.New, "", lowerHex), strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", true},
		{"RFC 4231 case 2", hmacHex(sha256.New, "", lowerHex), "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", true},
		{"RFC 2202 case 2", hmacHex(sha1.New, "sha1=", anyHex), "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", true},
		{"webchat", schemeOf("webchat"), "dev-web", body, "81ce24b0245a80cf48f7c5142ee011b7254e11d390a928f0b07807898b957c66", true},
		{"webchat, upper case", schemeOf("webchat"), "dev-web", body, "81CE24B0245A80CF48F7C5142EE011B7254E11D390A928F0B07807898B957C66", false},
		{"webchat, whatsapp's secret", schemeOf("webchat"), "dev-whatsapp", body, "81ce24b0245a80cf48f7c5142ee011b7254e11d390a928f0b07807898b957c66", false},
		{"webchat, another body", schemeOf("webchat"), "dev-web", body + " ", "81ce24b0245a80cf48f7c5142ee011b7254e11d390a928f0b07807898b957c66", false},
		{"webchat, truncated", schemeOf("webchat"), "dev-web", body, "81ce24b0245a80cf48f7c5142ee011b7", false},
		{"webchat, prefix", schemeOf("webchat"), "dev-web", body, "sha256=81ce24b0245a80cf48f7c5142ee011b7254e11d390a928f0b07807898b957c66", false},
		{"webchat, not hex", schemeOf("webchat"), "dev-web", body, strings.Repeat("z", 64), false},
		{"webchat, nothing", schemeOf("webchat"), "dev-web", body, "", false},
		{"whatsapp", schemeOf("whatsapp"), "dev-whatsapp", body, "8d0b654170251c20237b56c8cd3f0e396b65d9c57f8037748d06533f1b48cd86", true},
		{"instagram", schemeOf("instagram"), "dev-instagram", body, "b11a18816eb867a777d3c54f088e4a6892b2bee8", true},
		{"instagram, prefix", schemeOf("instagram"), "dev-instagram", body, "sha1=b11a18816eb867a777d3c54f088e4a6892b2bee8", true},
		{"instagram, prefix twice", schemeOf("instagram"), "dev-instagram", body, "sha1=sha1=b11a18816eb867a777d3c54f088e4a6892b2bee8", false},
		{"instagram, only prefix", schemeOf("instagram"), "dev-instagram", body, "sha1=", false},
		{"telegram", schemeOf("telegram"), "dev-telegram", body, "dev-telegram", true},
		{"telegram, wrong", schemeOf("telegram"), "dev-telegram", body, "dev-web", false},
		{"telegram, nothing", schemeOf("telegram"), "dev-telegram", body, "", false},
	} {
		verify := v.scheme(v.secret)
		for range 2 { // the second time with a pooled state
			if got := verify([]byte(v.signature), []byte(v.body)); got != v.want {
				t.Errorf("%s: %v, want %v", v.name, got, v.want)
			}
		}
	}
}

func schemeOf(name string) scheme {
	for _, c := range channels() {
		if c.name == name {
			return c.scheme
		}
	}
	return nil
}
