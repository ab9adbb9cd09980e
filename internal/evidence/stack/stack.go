// Package stack starts a Prometheus and an Alertmanager of one's own on loopback, with the rules of examples/observability
// and a directory that is removed at the end: for tests, and for a demo in which alerts fire. The programs are those
// that the system has (Debian: prometheus, prometheus-alertmanager).
package stack

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"gopkg.in/yaml.v3"
)

//go:embed files
var files embed.FS

// Names of the files.
const (
	SLORules     = "slo.rules.yml"
	DrillRules   = "drills.rules.yml"
	alertmanager = "alertmanager.yml"
)

// webhook is where the file sends to.
const webhook = "http://127.0.0.1:9099/"

// How long a program may take to be ready, and to end when it is asked to.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 5 * time.Second
)

// Rules is a file of rules as it is shipped.
func Rules(name string) []byte { return mustRead(name) }

// Alertmanager is its configuration as it is shipped, with a receiver of one's own.
func Alertmanager(receiver string) []byte {
	return bytes.ReplaceAll(mustRead(alertmanager), []byte(webhook), []byte(receiver))
}

// Silent is a configuration of Alertmanager that keeps alerts and tells nobody.
func Silent() []byte {
	return []byte("route: {receiver: nobody, group_by: [alertname, tenant_id], group_wait: 1s, group_interval: 2s}\nreceivers: [{name: nobody}]\n")
}

func mustRead(name string) []byte {
	raw, err := files.ReadFile("files/" + name)
	if err != nil {
		panic(err) // it is built in
	}
	return raw
}

// Programs are where the two programs are.
type Programs struct{ Prometheus, Alertmanager string }

// ErrMissing says that a program is not there, and how to get it.
var ErrMissing = errors.New("install Debian's packages prometheus and prometheus-alertmanager, or put prometheus and alertmanager on the PATH")

// Find looks for the programs on the PATH.
func Find() (Programs, error) {
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		return Programs{}, fmt.Errorf("find Prometheus: %w", ErrMissing)
	}
	for _, name := range []string{"prometheus-alertmanager", "alertmanager"} {
		if found, err := exec.LookPath(name); err == nil {
			return Programs{prometheus, found}, nil
		}
	}
	return Programs{}, fmt.Errorf("find Alertmanager: %w", ErrMissing)
}

// Config is what a stack is made of.
type Config struct {
	Targets      []Target
	Rules        map[string][]byte // by name of the file
	Alertmanager []byte            // its configuration
	Interval     time.Duration     // of scrapes and of rules that do not say; 0: 1 s
	Log          io.Writer         // of both programs; nil: it is kept for errors
	Native       bool              // native histograms are taken, and then no classic ones where there are both
}

// Target is a service that is scraped.
type Target struct {
	Job    string
	Addr   string            // HOST:PORT
	Labels map[string]string // of the target; one that a metric has, too, is renamed to exported_NAME there
}

// Stack is both programs at work.
type Stack struct {
	PrometheusURL, AlertmanagerURL string

	dir     string
	owner   *flock.Flock
	running []*process
	once    sync.Once
	failure error
}

// Start starts both programs and returns when they are ready. The context bounds the start only; Close ends them.
func Start(ctx context.Context, programs Programs, c Config) (_ *Stack, err error) {
	if c.Interval <= 0 {
		c.Interval = time.Second
	}
	if err := removeLeft(os.TempDir()); err != nil {
		return nil, fmt.Errorf("start Prometheus: remove what a squall that was killed has left: %w", err)
	}
	s := &Stack{}
	if s.dir, err = os.MkdirTemp("", dirPrefix); err != nil {
		return nil, fmt.Errorf("start Prometheus: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.owner, err = own(s.dir); err != nil {
		return nil, fmt.Errorf("start Prometheus: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.startAlertmanager(ctx, programs, c); err != nil {
		return nil, fmt.Errorf("start Alertmanager: %w", err)
	}
	if err := s.startPrometheus(ctx, programs, c); err != nil {
		return nil, fmt.Errorf("start Prometheus: %w", err)
	}
	return s, nil
}

func (s *Stack) startAlertmanager(ctx context.Context, programs Programs, c Config) error {
	config := filepath.Join(s.dir, alertmanager)
	if err := os.WriteFile(config, c.Alertmanager, 0o600); err != nil {
		return err
	}
	addr, err := s.launch(ctx, c.Log, func(addr string) []string {
		return []string{
			programs.Alertmanager, "--config.file=" + config, "--storage.path=" + filepath.Join(s.dir, "alertmanager"),
			"--web.listen-address=" + addr, "--cluster.listen-address=", "--log.level=warn",
		}
	})
	s.AlertmanagerURL = "http://" + addr
	return err
}

func (s *Stack) startPrometheus(ctx context.Context, programs Programs, c Config) error {
	config := filepath.Join(s.dir, "prometheus.yml")
	raw, err := prometheusConfig(c, s.AlertmanagerURL[len("http://"):])
	if err != nil {
		return err
	}
	if err := os.WriteFile(config, raw, 0o600); err != nil {
		return err
	}
	for name, rules := range c.Rules {
		if err := os.WriteFile(filepath.Join(s.dir, filepath.Base(name)), rules, 0o600); err != nil {
			return err
		}
	}
	addr, err := s.launch(ctx, c.Log, func(addr string) []string {
		command := []string{
			programs.Prometheus, "--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(s.dir, "tsdb"),
			"--web.listen-address=" + addr, "--storage.tsdb.retention.time=1d", "--log.level=warn",
		}
		if c.Native {
			command = append(command, "--enable-feature=native-histograms")
		}
		return command
	})
	s.PrometheusURL = "http://" + addr
	return err
}

// prometheusConfig is the configuration of Prometheus.
func prometheusConfig(c Config, alertmanager string) ([]byte, error) {
	type static struct {
		Targets []string          `yaml:"targets"`
		Labels  map[string]string `yaml:"labels,omitempty"`
	}
	type job struct {
		Name    string   `yaml:"job_name"`
		Targets []static `yaml:"static_configs"`
	}
	type manager struct {
		Targets []static `yaml:"static_configs"`
	}
	var config struct {
		Global   map[string]string    `yaml:"global"`
		Rules    []string             `yaml:"rule_files"`
		Alerting map[string][]manager `yaml:"alerting"`
		Jobs     []job                `yaml:"scrape_configs"`
	}
	every := fmt.Sprintf("%dms", c.Interval.Milliseconds())
	config.Global = map[string]string{"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
	config.Alerting = map[string][]manager{"alertmanagers": {{Targets: []static{{Targets: []string{alertmanager}}}}}}
	for name := range c.Rules {
		config.Rules = append(config.Rules, filepath.Base(name))
	}
	for _, t := range c.Targets {
		config.Jobs = append(config.Jobs, job{t.Job, []static{{[]string{t.Addr}, t.Labels}}})
	}
	return yaml.Marshal(config)
}

// launchTries is how often a program is started on another port when it ends at once: somebody may have taken its port.
const launchTries = 3

// launch starts a program on a free port and waits until it is ready.
func (s *Stack) launch(ctx context.Context, log io.Writer, command func(addr string) []string) (addr string, err error) {
	for range launchTries {
		if addr, err = freeAddr(); err != nil {
			return "", err
		}
		var p *process
		if p, err = startProcess(command(addr), log); err != nil {
			return "", err
		}
		if err = p.ready(ctx, "http://"+addr+"/-/ready"); err == nil {
			s.running = append(s.running, p)
			return addr, nil
		}
		p.stop()
		if ctx.Err() != nil {
			break
		}
	}
	return "", err
}

func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// Close ends both programs and removes their directory. It may be called twice.
func (s *Stack) Close() error {
	s.once.Do(func() {
		for _, p := range s.running {
			p.stop()
		}
		s.failure = os.RemoveAll(s.dir)
		if s.owner != nil {
			s.failure = errors.Join(s.failure, s.owner.Unlock())
		}
	})
	return s.failure
}

// process is a program at work.
type process struct {
	cmd    *exec.Cmd
	output tail
	exited chan struct{}
}

// startProcess starts a program that ends with this process. The thread that starts it has to live as long as it does.
func startProcess(command []string, log io.Writer) (*process, error) {
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(command[0], command[1:]...) //nolint:noctx // ends with stop
	p.cmd.SysProcAttr = bound()
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if log != nil {
		p.cmd.Stdout = io.MultiWriter(&p.output, log)
		p.cmd.Stderr = p.cmd.Stdout
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its output
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// ready waits until a program answers, or has ended.
func (p *process) ready(ctx context.Context, address string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.exited:
			return fmt.Errorf("it has ended: %s", p.output.String())
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w: %s", ctx.Err(), p.output.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends a program, by force if it does not want to.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// tail keeps the end of what a program writes.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailLength = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailLength; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// String is what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
