// Package session is one run: it puts load (and later faults and evidence) together, carries out
// the commands of a driver, and writes down what happened. The console, headless mode and tests
// are drivers; a driver talks to nothing else.
package session
