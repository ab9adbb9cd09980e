package load

import (
	"strings"
	"testing"
)

// The literals come from the RFCs and from openssl: printf '%s' BODY | openssl dgst -sha256 -hmac SECRET.
func TestSignatures(t *testing.T) {
	const body = `{"event_id":"e1","message":"سلام"}`
	tests := []struct {
		name   string
		spec   ChannelSpec
		secret string
		body   string
		want   string
	}{
		{"RFC 2202, case 1", ChannelSpec{Algorithm: HMACSHA1, Encoding: Hex}, strings.Repeat("\x0b", 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
		{"RFC 2202, case 2", ChannelSpec{Algorithm: HMACSHA1, Encoding: Hex}, "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"RFC 2202, case 6", ChannelSpec{Algorithm: HMACSHA1, Encoding: Hex}, strings.Repeat("\xaa", 80), "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
		{"RFC 4231, case 1", ChannelSpec{Algorithm: HMACSHA256, Encoding: Hex}, strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"RFC 4231, case 2", ChannelSpec{Algorithm: HMACSHA256, Encoding: Hex}, "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"RFC 4231, case 6", ChannelSpec{Algorithm: HMACSHA256, Encoding: Hex}, strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{"webchat", Channels()[Webchat], "dev-web", body, "a44e4056298ae81a0fc8b17c4cd6255d45aeeadc16ffee2d753d2ed5db2666a4"},
		{"webchat, nothing to sign", Channels()[Webchat], "dev-web", "", "17224f734feee39dd486bc677f05b4c1811ed451f2dbebf73450bf03d296a31a"},
		{"automation", Channels()[AutomationMessage], "dev-web", body, "a44e4056298ae81a0fc8b17c4cd6255d45aeeadc16ffee2d753d2ed5db2666a4"},
		{"instagram", Channels()[Instagram], "dev-instagram", body, "sha1=c8abbf8384c86581cfbdb7076c91ebc72f209b52"},
		{"whatsapp", Channels()[WhatsApp], "dev-whatsapp", body, "14a2bcc99217fc5e145b81bde097e29fa3d6102466c80a27b4edb5bb0086ede2"},
		{"telegram", Channels()[Telegram], "dev-telegram", body, "dev-telegram"},
		{"Base64", ChannelSpec{Algorithm: HMACSHA256, Encoding: Base64}, "dev-web", body, "pE5AVimK6BoPyLF8TNYlXUWu6twW/+4tdT0u1dsmZqQ="},
		{"Base64 with prefix", ChannelSpec{Algorithm: HMACSHA1, Encoding: Base64, Prefix: "sha1:"}, "dev-instagram", body, "sha1:yKu/g4TIZYHPvbcHbJHrxy8gm1I="},
		{"as Meta signs today", ChannelSpec{Algorithm: HMACSHA256, Encoding: Hex, Prefix: "sha256="}, "dev-whatsapp", body, "sha256=14a2bcc99217fc5e145b81bde097e29fa3d6102466c80a27b4edb5bb0086ede2"},
		{"token with prefix", ChannelSpec{Algorithm: Token, Prefix: "Bearer "}, "s3", body, "Bearer s3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := newSigner(test.spec, test.secret)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the signer is used again and again
				if got := string(s.sign([]byte("old "), []byte(test.body))); got != "old "+test.want {
					t.Errorf("signature = %q, want %q", got, "old "+test.want)
				}
			}
		})
	}
}

func TestSignerRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, spec := range []ChannelSpec{
		{Name: "webchat", Algorithm: "md5", Encoding: Hex},
		{Name: "webchat", Algorithm: HMACSHA256, Encoding: "rot13"},
		{Name: "webchat", Algorithm: HMACSHA256},
	} {
		_, err := newSigner(spec, "top-secret")
		if err == nil || !strings.Contains(err.Error(), "webchat") {
			t.Errorf("%+v: error = %v, want one that names the channel", spec, err)
		} else if strings.Contains(err.Error(), "top-secret") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}
