// Package publish plans what a run adds to a team's documents: an entry in a playbook, a row in the release log of a
// roadmap, and issues for what should be better. It edits text and plans calls; it reads no file and opens no connection.
//
// What squall has added is found again by a comment with the run's id, which Markdown does not show. Every byte that
// squall has not written stays as it is.
package publish
