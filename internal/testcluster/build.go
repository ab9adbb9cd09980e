package testcluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// program is the file of the built program, and stagesFile of kwok's stages.
	program    = "controlplane"
	stagesFile = "stages.yaml"

	// unusedFor is how long a build of an older pin is kept.
	unusedFor = 14 * 24 * time.Hour
)

// buildFlags make the program small and the same on every machine, and have it
// say its release, as Kubernetes' own build does.
func buildFlags(sources string) ([]string, error) {
	data, err := os.ReadFile(filepath.Join(sources, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("read pins of the control plane: %w", err)
	}
	release := regexp.MustCompile(`(?m)^\s+k8s\.io/kubernetes (v(\d+)\.(\d+)\.\S+)`).FindSubmatch(data)
	if release == nil {
		return nil, errors.New("read pins of the control plane: none of k8s.io/kubernetes")
	}
	const version = "-X k8s.io/component-base/version."
	return []string{
		"-trimpath", "-buildvcs=false", "-mod=readonly",
		fmt.Sprintf("-ldflags=-s -w %sgitVersion=%s %sgitMajor=%s %sgitMinor=%s",
			version, release[1], version, release[2], version, release[3]),
	}, nil
}

// Build returns the folder with the built control plane, which it builds if it
// is not in the user's cache folder: in about 6 minutes on 2 cores. Processes
// that ask at the same time build it once. The caller runs inside the module of
// squall; otherwise the sources are not found.
func Build(ctx context.Context) (string, error) {
	sources, err := sourceDir(ctx)
	if err != nil {
		return "", err
	}
	flags, err := buildFlags(sources)
	if err != nil {
		return "", err
	}
	key, err := sourceKey(sources, flags)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache folder: %w", err)
	}
	root := filepath.Join(cache, "squall", "testcluster")
	dir := filepath.Join(root, key)
	if built(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("create cache folder: %w", err)
	}
	lock := flock.New(filepath.Join(root, "build.lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return "", fmt.Errorf("lock cache folder: %w", err)
	}
	defer lock.Close()
	if built(dir) {
		return dir, nil
	}
	if err := build(ctx, sources, flags, root, dir); err != nil {
		return "", err
	}
	sweep(root, key)
	return dir, nil
}

// built reports whether the folder is a finished build, and marks it as used.
func built(dir string) bool {
	now := time.Now()
	return os.Chtimes(dir, now, now) == nil
}

// build builds into a folder beside dir, which appears only when it is whole.
func build(ctx context.Context, sources string, flags []string, root, dir string) error {
	fmt.Fprintln(os.Stderr, "testcluster: building the Kubernetes control plane (once per pin, about 6 minutes)")
	start := time.Now()
	work, err := os.MkdirTemp(root, "building-")
	if err != nil {
		return fmt.Errorf("create build folder: %w", err)
	}
	defer os.RemoveAll(work)
	output := filepath.Join(work, program)

	args := append([]string{"build", "-C", sources, "-v", "-p", "2", "-o", output}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	cmd.WaitDelay = 10 * time.Second
	said := &progress{total: packages(ctx, sources), start: start}
	cmd.Stdout, cmd.Stderr = said, said
	stop := said.every(20*time.Second, os.Stderr)
	err = cmd.Run()
	stop()
	if err != nil {
		return fmt.Errorf("build control plane: %w\n%s", err, lastLines(said.text.Bytes(), 30))
	}
	stages, err := exec.CommandContext(ctx, output, "stages").Output()
	if err != nil {
		return fmt.Errorf("print stages of kwok: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, stagesFile), stages, 0o644); err != nil {
		return fmt.Errorf("write stages of kwok: %w", err)
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("open build folder: %w", err)
	}
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("move build into place: %w", err)
	}
	fmt.Fprintf(os.Stderr, "testcluster: built in %v\n", time.Since(start).Round(time.Second))
	return nil
}

// sweep removes the builds of other pins that nobody has used for long, and
// what interrupted builds have left. It is called with the lock held; what it
// cannot remove it leaves for the next time.
func sweep(root, keep string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !entry.IsDir() || entry.Name() == keep {
			continue
		}
		if strings.HasPrefix(entry.Name(), "building-") || time.Since(info.ModTime()) > unusedFor {
			_ = os.RemoveAll(filepath.Join(root, entry.Name()))
		}
	}
}

// sourceDir finds the module of the control plane in the checkout that the
// process runs in: a module of its own is not embedded, nor listed by its path.
func sourceDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find go.mod of squall: %w", err)
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "internal", "testcluster", "bin")
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("find sources of the control plane: %w", err)
	}
	return dir, nil
}

// sourceKey names a build by all that decides it: the sources, the toolchain
// and the flags.
func sourceKey(dir string, flags []string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, flags)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("list sources of the control plane: %w", err)
	}
	suffixes := []string{".go", ".mod", ".sum", ".yaml"}
	for _, entry := range entries {
		if !slices.Contains(suffixes, filepath.Ext(entry.Name())) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read sources of the control plane: %w", err)
		}
		fmt.Fprintln(hash, entry.Name(), len(data))
		hash.Write(data)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// lastLines returns at most n lines from the end of a text.
func lastLines(text []byte, n int) string {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}
