package app

import (
	"context"
	"strings"
	"time"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/session"
)

// tokenOf is where new tokens of the admin API come from.
func tokenOf(r config.Resolved) session.Token {
	t := session.Token{Expires: func(token string) time.Time {
		read, err := config.ReadToken(config.NewSecret(token))
		if err != nil {
			return time.Time{} // one that is no JWT says nothing of its end
		}
		return read.Expires
	}}
	switch s := r.TokenSource; {
	case s.Command != "":
		source := rotation.Command{Line: s.Command}
		t.From, t.Renew = source.Name(), func(ctx context.Context) (string, error) { return rotation.Output(ctx, s.Command) }
	case s.File != "":
		t.From, t.Renew = "file "+s.File, func(context.Context) (string, error) {
			raw, err := inputfile.ReadRegular(s.File, rotation.MaxSecret)
			return strings.TrimSpace(string(raw)), err
		}
	}
	return t
}
