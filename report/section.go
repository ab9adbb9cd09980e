package report

// section is one part of a report: a function from the evidence to blocks. A section with nothing
// to say answers none, and then has no heading either.
type section struct {
	title string // "" continues the section above
	make  func(*Run) []block
}

// sections are the parts of a report in their order. A new section is one function in a file of
// its own and one row here.
var sections = []section{
	{"", verdictSection},
	{"Warnings", warningsSection},
	{"Objectives", objectivesSection},
	{"Faults", faultsSection},
	{"Alerts", alertsSection},
	{"Platform metrics", platformSection},
	{"Scaling", scalingSection},
	{"Pods", podsSection},
	{"Evidence", evidenceSection},
	{"Remediation", remediationSection},
	{"Charts", chartsSection},
	{"Latency", latencySection},
	{"Errors", errorsSection},
	{"Phases", phasesSection},
	{"Timeline", timelineSection},
	{"Not measured", flowsOffSection},
	{"Generator", generatorSection},
	{"Environment", environmentSection},
	{"Settings", settingsSection},
	{"How it was measured", methodSection},
}

// document puts the sections together.
func document(run *Run) []block {
	var blocks []block
	for _, s := range sections {
		made := s.make(run)
		if len(made) == 0 {
			continue
		}
		if s.title != "" {
			blocks = append(blocks, heading{2, s.title})
		}
		blocks = append(blocks, made...)
	}
	return blocks
}
