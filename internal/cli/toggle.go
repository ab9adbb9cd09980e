package cli

import (
	"strconv"

	"github.com/spf13/cobra"
)

// toggle is a flag without a value. pflag's own would show as --name[=true|false] in the help.
type toggle struct{ on *bool }

func (t toggle) Set(text string) error {
	on, err := strconv.ParseBool(text)
	*t.on = on
	return err
}

// String is what cobra reads back.
func (t toggle) String() string { return strconv.FormatBool(t.on != nil && *t.on) }

// Type is bool to cobra.
func (t toggle) Type() string { return "bool" }

func addToggle(cmd *cobra.Command, on *bool, name, short, help string) {
	cmd.Flags().VarPF(toggle{on}, name, short, help).NoOptDefVal = "true"
}
