package dialog

import (
	tea "github.com/charmbracelet/bubbletea"
)

// answer is what was said to a question.
type answer uint8

const (
	noAnswer answer = iota
	answerYes
	answerNo
)

// confirmation reads the answer to a yes-or-no question. Enter is no answer, so that a stray one does
// nothing.
func confirmation(k tea.KeyMsg) answer {
	switch k.String() {
	case "y", "Y":
		return answerYes
	case "n", "N", "esc", "q":
		return answerNo
	}
	return noAnswer
}

// confirmationKeys are the keys of such a question.
func confirmationKeys(yes, no string) []Hint {
	return []Hint{{"y", yes}, {"n", no}, {"x", "HALT"}}
}
