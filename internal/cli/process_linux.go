package cli

import (
	"errors"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"xinbot.ir/squall/internal/config"
)

// TakeArguments returns a copy of the program's arguments and writes stars over the secrets in the originals, which
// other users of the machine see in the list of processes. On Linux the strings of os.Args lie in the memory that the
// kernel shows. The moment before cannot be helped: a variable of the environment is the better place.
func TakeArguments(arguments []string) []string {
	copied := make([]string, len(arguments))
	for i, argument := range arguments {
		copied[i] = strings.Clone(argument)
	}
	for i, shown := range config.WithoutSecrets(copied, func(string) string { return "hidden" }) {
		if shown == copied[i] {
			continue
		}
		kept := strings.LastIndexByte(shown, '=') + 1                                // the names before a fingerprint, which has no =
		original := unsafe.Slice(unsafe.StringData(arguments[i]), len(arguments[i])) //nolint:gosec // memory of the system's that nothing else reads: see above
		for at := min(kept, len(original)); at < len(original); at++ {
			original[at] = '*'
		}
	}
	return copied
}

// NoCoreDumps keeps the memory of this process, secrets and all, out of files, and from other processes of the same user.
func NoCoreDumps() error {
	return errors.Join(syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}), unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}
