// Package tui is the console: it draws snapshots of a session and turns keys into commands.
//
// It owns no state that a report needs. It pulls ten snapshots a second, draws numbers once a
// second, and never makes the traffic wait. [Model] is the one bubbletea model; the table in layout.go
// places the panels (tui/panel), and keymap.go says what each key does. What opens over the screen is in
// tui/dialog, charts in tui/chart, colours in tui/theme, and what all of them draw from in tui/view.
package tui
