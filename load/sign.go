package load

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Instagram's webhook contract prescribes HMAC-SHA1.
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
)

// signer computes the authentication header of one channel. It keeps its digest state between
// messages, so it allocates nothing per message and serves one goroutine at a time.
type signer struct {
	mac    hash.Hash // nil for Token
	encode func(dst, digest []byte) []byte
	prefix string
	secret string
	digest [sha256.Size]byte
}

func newSigner(spec ChannelSpec, secret string) (*signer, error) {
	s := &signer{prefix: spec.Prefix, secret: secret}
	switch spec.Algorithm {
	case HMACSHA256:
		s.mac = hmac.New(sha256.New, []byte(secret))
	case HMACSHA1:
		s.mac = hmac.New(sha1.New, []byte(secret))
	case Token:
		return s, nil
	default:
		return nil, fmt.Errorf("sign channel %s: unknown algorithm %q (one of %s, %s, %s)",
			spec.Name, spec.Algorithm, HMACSHA256, HMACSHA1, Token)
	}
	switch spec.Encoding {
	case Hex:
		s.encode = hex.AppendEncode
	case Base64:
		s.encode = base64.StdEncoding.AppendEncode
	default:
		return nil, fmt.Errorf("sign channel %s: unknown encoding %q (one of %s, %s)", spec.Name, spec.Encoding, Hex, Base64)
	}
	return s, nil
}

// sign appends the header value for the raw body to dst.
func (s *signer) sign(dst, body []byte) []byte {
	dst = append(dst, s.prefix...)
	if s.mac == nil {
		return append(dst, s.secret...)
	}
	s.mac.Reset()
	s.mac.Write(body)
	return s.encode(dst, s.mac.Sum(s.digest[:0]))
}
