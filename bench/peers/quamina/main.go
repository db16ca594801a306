// Quamina as a peer of bench/match.py; see bench/matching/matchers.py for what is said to it and what it answers.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"quamina.net/go/quamina/v2"
)

func lines(name string) [][]byte {
	text, err := os.ReadFile(name)
	check(err)
	return bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(events, rules [][]byte) {
	began := time.Now()
	matcher, err := quamina.New()
	check(err)
	for i, rule := range rules {
		check(matcher.AddPattern(i, string(rule)))
	}
	built := time.Now()
	counts := make([]int, len(rules))
	for _, event := range events {
		matches, err := matcher.MatchesForEvent(event)
		check(err)
		for _, match := range matches {
			counts[match.(int)]++
		}
	}
	ended := time.Now()
	answer, err := json.Marshal(map[string]any{
		"build": built.Sub(began).Seconds(), "seconds": ended.Sub(built).Seconds(), "counts": counts})
	check(err)
	fmt.Println(string(answer))
}

func main() {
	events := lines(os.Args[1])
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		run(events, lines(in.Text()))
	}
}
