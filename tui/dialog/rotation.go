package dialog

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Rotation is what can be done about the secrets of webhooks: arm and disarm, choose what the traffic is signed with, type a next
// secret, and let the demo rotate.
type Rotation struct {
	picked  int // action
	channel int // 0: every channel; else one behind
}

// NewRotation opens it.
func NewRotation() *Rotation { return &Rotation{} }

// rotationAction is one row of the dialog.
type rotationAction struct {
	text  string
	more  string // what it does, of the picked one
	share bool   // ← and → move it
	do    func(d *Rotation, c Console) (Dialog, tea.Cmd)
}

// actions are those that make sense now.
func (d *Rotation) actions(s *view.State) (all []rotationAction) {
	r := s.Now.Rotation
	if r == nil {
		return nil
	}
	send := func(echo string, ask command.Command) func(*Rotation, Console) (Dialog, tea.Cmd) {
		return func(_ *Rotation, c Console) (Dialog, tea.Cmd) { return nil, c.Send(echo, Request{Command: ask}) }
	}
	for _, kind := range r.Kinds {
		all = append(all, rotationAction{text: "let the demo rotate: " + kind.Name, more: kind.Text, do: send("the demo rotates its secrets: "+kind.Name, command.StageRotation{Kind: kind.Name})})
	}
	if !r.Armed {
		return append(all, rotationAction{text: "arm: probe which secrets are accepted", do: send("rotation armed", command.ArmRotation{})})
	}
	of := d.name(s)
	sign := func(text string, with event.Signing) rotationAction {
		return rotationAction{text: text, do: send(text, command.SetSigning{Channel: d.only(s), With: with})}
	}
	return append(all,
		sign("sign "+of+" with what the gateway accepts", event.FollowGateway),
		sign("sign "+of+" with the next secret now", event.SignNext),
		sign("sign "+of+" with the old secret", event.SignOld),
		rotationAction{text: "sign a share of " + of + " with the next secret: ← → move it", share: true, do: func(d *Rotation, _ Console) (Dialog, tea.Cmd) { return d, nil }},
		rotationAction{text: "type the next secret of " + of, do: func(d *Rotation, c Console) (Dialog, tea.Cmd) { return newSecretPrompt(d, d.only(c.State())), nil }},
		rotationAction{text: "disarm: no more probes, and the verdict", do: send("rotation disarmed", command.DisarmRotation{})},
	)
}

// only is the channel that is chosen; "" is every one.
func (d *Rotation) only(s *view.State) string {
	if r := s.Now.Rotation; d.channel > 0 && d.channel <= len(r.Channels) {
		return r.Channels[d.channel-1].Channel
	}
	return ""
}

// name is the channel that is chosen, for people.
func (d *Rotation) name(s *view.State) string {
	if only := d.only(s); only != "" {
		return only
	}
	return "every channel"
}

// Update picks an action, a channel or a share.
func (d *Rotation) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
	k, isKey := msg.(tea.KeyMsg)
	if !isKey || k.Paste {
		return d, nil
	}
	s := c.State()
	actions := d.actions(s)
	d.picked = min(d.picked, max(len(actions)-1, 0))
	switch k.String() {
	case "esc", "q", "k":
		return nil, nil
	case "up":
		d.picked = max(d.picked-1, 0)
	case "down":
		d.picked = min(d.picked+1, max(len(actions)-1, 0))
	case "tab":
		if r := s.Now.Rotation; r != nil {
			d.channel = (d.channel + 1) % (len(r.Channels) + 1)
		}
	case "left", "right":
		if d.picked < len(actions) && actions[d.picked].share {
			return d, d.moveShare(c, map[string]float64{"left": -0.1, "right": 0.1}[k.String()])
		}
	case "enter":
		if d.picked < len(actions) {
			return actions[d.picked].do(d, c)
		}
	}
	return d, nil
}

// moveShare moves the share of the chosen channel, or of all from that of the first.
func (d *Rotation) moveShare(c Console, by float64) tea.Cmd {
	s := c.State()
	var of *session.ChannelRotation
	for i := range s.Now.Rotation.Channels {
		if ch := &s.Now.Rotation.Channels[i]; of == nil && (d.only(s) == "" || ch.Channel == d.only(s)) {
			of = ch
		}
	}
	if of == nil {
		return nil
	}
	share := min(max(float64(int((of.Share+by)*10+0.5))/10, 0), 1)
	return c.Send(units.Share(share)+" of "+d.name(s)+" signed with the next secret", Request{Command: command.SetSigning{Channel: d.only(s), With: event.SignShare, Share: share}})
}

// Keys are the dialog's.
func (d *Rotation) Keys(*view.State) []Hint {
	return []Hint{{"↑ ↓", "pick"}, {"Enter", "does it"}, {"Tab", "channel"}, {"x", "HALT"}, {"Esc", "close"}}
}

// Typing is never on.
func (d *Rotation) Typing() bool { return false }

// View shows the actions.
func (d *Rotation) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	actions := d.actions(s)
	x, y, w, h := bottomBox(frame, st, 76, len(actions)+6, "Secret rotation")
	defer setGround(frame, st, x, y, w, h)
	if len(actions) == 0 {
		frame.Text(x, y, w, "no channel of the mix has a secret", st.Dim)
		return
	}
	for i, a := range actions {
		if i >= h-4 {
			break
		}
		style := st.Text
		if i == min(d.picked, len(actions)-1) {
			frame.Text(x, y+i, 2, "▸", st.Accent)
			style = st.Strong
		}
		frame.Text(x+2, y+i, w-2, a.text, style)
	}
	more := actions[min(d.picked, len(actions)-1)].more
	if more == "" && s.Now.Rotation.Armed {
		more = "Tab chooses the channel: " + d.name(s)
	}
	drawWrapped(frame, x, y+h-4, w, 2, more, st.Dim)
	drawHints(frame, x, y+h-1, w, st, d.Keys(s))
}

// secretPrompt asks for a secret and shows none of it.
type secretPrompt struct {
	back    Dialog
	channel string
	input   textinput.Model
}

// mostTyped bounds a typed secret, in characters.
const mostTyped = 512

func newSecretPrompt(back Dialog, channel string) *secretPrompt {
	return &secretPrompt{back: back, channel: channel, input: newInput(mostTyped)}
}

// Update takes the secret.
func (p *secretPrompt) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
	k, isKey := msg.(tea.KeyMsg)
	if !isKey {
		return p, nil
	}
	switch {
	case k.Type == tea.KeyEsc:
		p.input.Reset()
		return p.back, nil
	case k.Type == tea.KeyEnter && !k.Paste:
		secret := p.input.Value()
		p.input.Reset()
		if secret == "" {
			return p.back, nil
		}
		return nil, c.Send("next secret given", Request{Command: command.GiveSecret{Channel: p.channel, Secret: command.NewSecret(secret)}})
	}
	p.input, _ = p.input.Update(k)
	return p, nil
}

// Keys set the secret or leave it.
func (p *secretPrompt) Keys(*view.State) []Hint {
	return []Hint{{"Enter", "takes it"}, {"Ctrl+X", "HALT"}, {"Esc", "leaves it"}}
}

// Typing is always on.
func (p *secretPrompt) Typing() bool { return true }

// View shows how many characters were typed, and none of them.
func (p *secretPrompt) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	of := p.channel
	if of == "" {
		of = "every channel"
	}
	x, y, w, _ := bottomBox(frame, st, 78, 6, "Next secret of "+of)
	ground := st.Sheet.Bg
	n := len([]rune(p.input.Value()))
	frame.Text(x, y, w, strings.Repeat("•", min(n, w)), st.Strong.On(ground))
	drawWrapped(frame, x, y+1, w, 2, "It is not shown, and written nowhere: "+units.Counted(uint64(n), "character", "characters")+" so far.", st.Dim.On(ground))
	frame.Text(x, y+3, w, "Enter takes it, Esc leaves it", st.Dim.On(ground))
}
