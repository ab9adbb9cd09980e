package demo

import (
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

// hashOf is FNV-1a over 64 bits.
func hashOf[T []byte | string](s T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
