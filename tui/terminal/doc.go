// Package terminal is what the console has to know of the terminal beside drawing on it: the colour of its background,
// and which of the bytes that come from it are keys.
package terminal
