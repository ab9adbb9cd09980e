package cli

import (
	"strconv"

	"github.com/spf13/cobra"
)

// boolFlag is a flag without a value. pflag's own would show as --name[=true|false] in the help.
type boolFlag struct{ on *bool }

func (t boolFlag) Set(text string) error {
	on, err := strconv.ParseBool(text)
	*t.on = on
	return err
}

// String is what cobra reads back.
func (t boolFlag) String() string { return strconv.FormatBool(t.on != nil && *t.on) }

// Type is bool to cobra.
func (t boolFlag) Type() string { return "bool" }

func addBoolFlag(cmd *cobra.Command, on *bool, name, short, help string) {
	cmd.Flags().VarPF(boolFlag{on}, name, short, help).NoOptDefVal = "true"
}
