package chaos

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xinbot.ir/squall/internal/inputfile"
)

// keySize is that of HMAC-SHA256's output, as RFC 2104 recommends.
const keySize = 32

// Key authenticates the lines of ledgers: HMAC-SHA256 (RFC 2104) over an entry as it stands in the file, in
// lower-case hex. It belongs to a user and lies outside of run directories, so that a run directory of somebody
// else can be told from one's own. A nil Key signs nothing and verifies nothing.
type Key []byte

func (k Key) sign(entry []byte) string {
	if k == nil {
		return ""
	}
	mac := hmac.New(sha256.New, k)
	mac.Write(entry)
	return hex.EncodeToString(mac.Sum(nil))
}

func (k Key) verify(entry []byte, mac string) bool {
	return k != nil && hmac.Equal([]byte(k.sign(entry)), []byte(mac))
}

// NewKey draws a key.
func NewKey() Key {
	key := make(Key, keySize)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return key
}

// ReadKey reads the key in a file, and makes both at the first use. A key that others can read or change is refused.
func ReadKey(path string) (Key, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(path); err == nil {
			key, err = readKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of ledgers: %w", err)
	}
	return key, nil
}

func readKey(path string) (Key, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file: move it away", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s is open to other users (%s): chmod 600 it if nobody else has used it, else delete it", path, info.Mode().Perm())
	case info.Size() != keySize:
		return nil, fmt.Errorf("%s has %d bytes, a key has %d: delete it", path, info.Size(), keySize)
	}
	return inputfile.ReadRegular(path, keySize)
}

// makeKey makes a key under another name and links it: of several processes at their first use one wins, and none
// reads half a key.
func makeKey(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, failed := file.Write(NewKey())
	if err := errors.Join(failed, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
