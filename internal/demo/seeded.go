package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// seededID is a UUID that follows from the seed and the names alone.
func seededID(seed uint64, names ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(strconv.FormatUint(seed, 16)+"/"+strings.Join(names, "/"))).String()
}

// seededTenants are the tenants of a platform that was given none.
func seededTenants(seed uint64) []Tenant {
	tenants := make([]Tenant, 2)
	for i := range tenants {
		n := strconv.Itoa(i)
		tenants[i] = Tenant{ID: seededID(seed, "tenant", n), Brands: []string{seededID(seed, "brand", n, "0"), seededID(seed, "brand", n, "1")}}
	}
	return tenants
}

// seededSecrets are the next secrets of a rotation, by channel: the first 32 hexadecimal digits of an HMAC-SHA256 under the
// seed, so that two processes with the same seed rotate to the same ones.
func seededSecrets(seed uint64, rotation int) map[string]string {
	secrets := make(map[string]string)
	for _, c := range channels() {
		mac := hmac.New(sha256.New, strconv.AppendUint(nil, seed, 10))
		fmt.Fprintf(mac, "next secret/%s/%d", c.name, rotation)
		secrets[c.name] = hex.EncodeToString(mac.Sum(nil)[:16])
	}
	return secrets
}

// hashOf is FNV-1a over 64 bits.
func hashOf[T []byte | string](s T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
