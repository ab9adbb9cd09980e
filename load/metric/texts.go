package metric

// mostTexts is how many different texts of one kind of error are counted; later ones are not kept.
const mostTexts = 8

// Texts counts what errors of one kind said, in the order in which it was first said.
type Texts []TextCount

// TextCount is a text and how often it was said.
type TextCount struct {
	Text  string
	Count uint64
}

// Add counts a text n times; an empty one is nothing said.
func (t *Texts) Add(text string, n uint64) {
	if text == "" {
		return
	}
	for i := range *t {
		if (*t)[i].Text == text {
			(*t)[i].Count += n
			return
		}
	}
	if len(*t) < mostTexts {
		*t = append(*t, TextCount{text, n})
	}
}

// First is the text that was said first; "" without any.
func (t Texts) First() string {
	if len(t) == 0 {
		return ""
	}
	return t[0].Text
}

// Most is the text that was said most often, of equals the one said first.
func (t Texts) Most() (most TextCount) {
	for _, text := range t {
		if text.Count > most.Count {
			most = text
		}
	}
	return most
}
