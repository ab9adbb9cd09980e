// Command falsealarms compares runs in which nothing was changed, each with each and the first half of each with the second,
// and counts how often squall compare calls them different. With -slower it also holds each against runs of a slower
// platform, and counts how often they are found to be worse. Figures of docs/compare.md are from it.
//
//	go run ./internal/tools/falsealarms [-tolerance 0.05] [-slower 'slow/*'] RUN..
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/report"
)

func main() {
	tolerance := flag.Float64("tolerance", compare.DefaultTolerance, "as --tolerance of squall compare, as a share")
	verbose := flag.Bool("v", false, "print the number that each false alarm is about")
	slower := flag.String("slower", "", "`pattern` of run directories of a slower platform")
	flag.Parse()
	if err := count(flag.Args(), *slower, *tolerance, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "falsealarms:", err)
		os.Exit(1)
	}
}

func count(dirs []string, slower string, tolerance float64, verbose bool) error {
	var whole []compare.Run
	var halves [][2]compare.Run
	for _, dir := range dirs {
		run, err := report.Comparable(dir, report.Stretch{})
		if err != nil {
			return err
		}
		whole = append(whole, run)
		middle := run.Conditions.Length / 2
		first, err := report.Comparable(dir, report.Stretch{To: middle})
		if err != nil {
			return err
		}
		second, err := report.Comparable(dir, report.Stretch{From: middle})
		if err != nil {
			return err
		}
		halves = append(halves, [2]compare.Run{first, second})
	}
	var pairs [][2]compare.Run
	for i := range whole {
		for j := range i {
			pairs = append(pairs, [2]compare.Run{whole[j], whole[i]})
		}
	}
	tell("two runs", pairs, tolerance, verbose)
	tell("two halves of one run", halves, tolerance, verbose)
	slow, err := filepath.Glob(slower)
	if err != nil {
		return err
	}
	var against [][2]compare.Run
	for _, dir := range slow {
		other, err := report.Comparable(dir, report.Stretch{})
		if err != nil {
			return err
		}
		for _, run := range whole {
			against = append(against, [2]compare.Run{run, other})
		}
	}
	if len(against) > 0 {
		tell("a run and a slower one", against, tolerance, verbose)
	}
	return nil
}

// tell prints how many of the pairs are called different.
func tell(name string, pairs [][2]compare.Run, tolerance float64, verbose bool) {
	of := map[compare.Verdict]int{}
	for n, pair := range pairs {
		r := compare.Against(pair[0], []compare.Run{pair[1]}, compare.Options{Tolerance: tolerance, Seed: uint64(n + 1)})
		v := r.Verdict()
		of[v]++
		if place, found := r.Comparisons[0].Largest(v); verbose && found && v != compare.NoDifference {
			fmt.Printf("%s and %s: %s, %s %s %s, %.1f %% (%.1f to %.1f %%)\n", filepath.Base(pair[0].Name), filepath.Base(pair[1].Name), v,
				place.Part.Name, place.Series.Flow+"/"+place.Series.Channel, place.Number, 100*place.Difference, 100*place.Low, 100*place.High)
		}
	}
	fmt.Printf("%s: of %d pairs %d worse, %d better, %d no difference shown, %d not comparable\n", name, len(pairs),
		of[compare.Worse], of[compare.Better], of[compare.NoDifference], of[compare.NotComparable])
}
