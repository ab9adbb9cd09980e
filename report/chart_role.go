package report

import "image/color"

// role is what something on a chart stands for. Its look follows from it, in every format.
type role uint8

const (
	paperRole role = iota // the background
	inkRole
	faintRole
	gridRole
	markRole
	bandRole
	p50Role
	p95Role
	p99Role
	objectiveRole
	levelRole
	wantedRole
	failedRole
	spikeRole
	faultRole
	idleRole
	alertRole
	firstErrorRole // of the most frequent class of errors; the other classes follow
)

// look is how a role is drawn. Lines differ in weight or dashes too, so that a chart reads without
// colour.
type look struct {
	name        string // its CSS class, and its variable
	light, dark uint32 // RGB on a light and on a dark background
	alpha       uint8  // 0 for what is not seen through
	width       float64
	dashes      []float64
}

// Percentiles are one hue that darkens with the percentile; what was done to the platform is amber (more
// load) or violet (a fault), what breaks an objective or fails is red.
var looks = [...]look{
	paperRole:      {name: "paper", light: 0xffffff, dark: 0x161b22},
	inkRole:        {name: "ink", light: 0x24292f, dark: 0xe6edf3},
	faintRole:      {name: "faint", light: 0x59636e, dark: 0x9da7b3, width: 0.8},
	gridRole:       {name: "grid", light: 0xe6e9ed, dark: 0x2b323b, width: 0.6},
	markRole:       {name: "mark", light: 0x59636e, dark: 0x9da7b3, width: 0.5, dashes: []float64{1.5, 1.5}},
	bandRole:       {name: "band", light: 0x2a6fb8, dark: 0x79b8f5, alpha: 36},
	p50Role:        {name: "p50", light: 0x4f97d3, dark: 0x3f83c4, width: 1.6},
	p95Role:        {name: "p95", light: 0x2a6fb8, dark: 0x79b8f5, width: 2},
	p99Role:        {name: "p99", light: 0x12305c, dark: 0xd3e6fb, width: 1},
	objectiveRole:  {name: "objective", light: 0xc62f2f, dark: 0xff8279, width: 1.1, dashes: []float64{5, 3}},
	levelRole:      {name: "level", light: 0x2a6fb8, dark: 0x79b8f5, width: 1.8},
	wantedRole:     {name: "wanted", light: 0x57606a, dark: 0xa8b1bb, width: 1.2, dashes: []float64{3, 2}},
	failedRole:     {name: "failed", light: 0xc62f2f, dark: 0xff8279, width: 1.4},
	spikeRole:      {name: "spike", light: 0xf5a623, dark: 0xe3a008, alpha: 46},
	faultRole:      {name: "fault", light: 0x9a3cb8, dark: 0xc77dea, alpha: 38},
	idleRole:       {name: "idle", light: 0x8c959f, dark: 0x8c959f, alpha: 46},
	alertRole:      {name: "alert", light: 0xa8124f, dark: 0xff8fb8},
	firstErrorRole: {name: "error1", light: 0xc62f2f, dark: 0xff8279},
	{name: "error2", light: 0xd4691c, dark: 0xf0a35e},
	{name: "error3", light: 0x7b4fa3, dark: 0xb78ae0},
	{name: "error4", light: 0x57606a, dark: 0xa8b1bb},
	{name: "error5", light: 0xb08800, dark: 0xd9b13b},
	{name: "error6", light: 0x1b7c83, dark: 0x4fbcc4},
	{name: "error7", light: 0x953800, dark: 0xd98a5b},
	{name: "error8", light: 0xa56bc9, dark: 0xdcb8f0},
	{name: "error9", light: 0x7d8793, dark: 0x7d8793},
	{name: "error10", light: 0x3b3f46, dark: 0xdfe3e8},
}

func (r role) look() look { return looks[r] }

// errorRole is the role of the n-th class of errors.
func errorRole(n int) role {
	return firstErrorRole + role(n%(len(looks)-int(firstErrorRole)))
}

// color is the colour of a role on white.
func (r role) color() color.NRGBA {
	l := r.look()
	c := color.NRGBA{uint8(l.light >> 16), uint8(l.light >> 8), uint8(l.light), 255}
	if l.alpha > 0 {
		c.A = l.alpha
	}
	return c
}
