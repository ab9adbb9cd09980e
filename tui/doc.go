// Package tui is the console: it draws snapshots of a session and turns keys into commands.
//
// It owns no state that a report needs. It pulls ten snapshots a second, draws numbers once a
// second, and never makes the traffic wait. [Model] is the one bubbletea model; panels are plain
// structs with SetSize, Sync and View, placed by the table in layout.go; keys live in keymap.go,
// colours in style.go, number formats in format.go.
package tui
