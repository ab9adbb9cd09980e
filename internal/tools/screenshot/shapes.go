package main

// rect is a filled part of a cell, in parts of the cell's size.
type rect struct {
	x, y, w, h float64
	opacity    float64
}

// shapes returns how a block or line character fills its cell; nil for letters.
func shapes(r rune) []rect {
	switch {
	case r == '▀':
		return []rect{{0, 0, 1, 0.5, 1}}
	case r >= '▁' && r <= '█':
		h := float64(r-'▁'+1) / 8
		return []rect{{0, 1 - h, 1, h, 1}}
	case r >= '▉' && r <= '▏':
		return []rect{{0, 0, float64('▏'-r+1) / 8, 1, 1}}
	case r >= '░' && r <= '▓':
		return []rect{{0, 0, 1, 1, float64(r-'░'+1) / 4}}
	case r > 0x2800 && r <= 0x28ff:
		return dots(r)
	}
	const thin, heavy = 0.07, 0.16
	across := func(x, w, t float64) rect { return rect{x, 0.5 - t/2, w, t, 1} }
	// Cells are about half as wide as they are high: an upright line of the same weight is twice as
	// wide a part of its cell.
	down := func(y, h, t float64) rect { return rect{0.5 - t, y, 2 * t, h, 1} }
	switch r {
	case '─':
		return []rect{across(0, 1, thin)}
	case '━':
		return []rect{across(0, 1, heavy)}
	case '╸':
		return []rect{across(0, 0.5, heavy)}
	case '╌':
		return []rect{across(0.05, 0.35, thin), across(0.55, 0.35, thin)}
	case '│':
		return []rect{down(0, 1, thin)}
	case '┃':
		return []rect{down(0, 1, heavy)}
	case '┊':
		return []rect{down(0.04, 0.13, thin), down(0.29, 0.13, thin), down(0.54, 0.13, thin), down(0.79, 0.13, thin)}
	case '╭':
		return []rect{across(0.5, 0.5, thin), down(0.5, 0.5, thin)}
	case '╮':
		return []rect{across(0, 0.5, thin), down(0.5, 0.5, thin)}
	case '╰':
		return []rect{across(0.5, 0.5, thin), down(0, 0.5, thin)}
	case '╯':
		return []rect{across(0, 0.5, thin), down(0, 0.5, thin)}
	}
	return nil
}

// dots returns the dots of a Braille character, whose bits count down the left column, then down the
// right, then the lowest row.
func dots(r rune) (all []rect) {
	const size = 0.09
	places := [8][2]float64{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}}
	for bit, at := range places {
		if (r-0x2800)>>bit&1 == 1 {
			all = append(all, rect{0.25 + 0.5*at[0] - size, 0.125 + 0.25*at[1] - size/2, 2 * size, size, 1})
		}
	}
	return all
}
