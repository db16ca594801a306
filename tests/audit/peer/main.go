// A log, read by what others have written: torchwood, a client of tlog-tiles, and the packages of Go's own checksum
// database, tlog and note. Nothing of kedge is in it.
//
//	go run . KEY LOG [CHECKPOINT...]     every record against the signed tree, and every checkpoint against all later ones
//	go run . -proof FILE KEY RECORD      one record by its .tlog-proof, without a log
//
// KEY is a file with one verifier key, or several, on lines of their own. Exit code 0: all is as it was signed; 1: it is
// not, and what; 2: used wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const proofsMost = 10_000 // for so many records of a log a proof of their own is made and checked, evenly spread

// A directory, as a web server would serve it.
type directory string

func (d directory) ReadEndpoint(_ context.Context, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(path)))
}

func (d directory) ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = d.readTile(ctx, tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// A partial tile may be gone where the full one is there, of which it is the beginning.
func (d directory) readTile(ctx context.Context, tile tlog.Tile) ([]byte, error) {
	data, err := d.ReadEndpoint(ctx, torchwood.TilePath(tile))
	if !errors.Is(err, os.ErrNotExist) || tile.W == torchwood.TileWidth {
		return data, err
	}
	full := tile
	full.W = torchwood.TileWidth
	data, err = d.ReadEndpoint(ctx, torchwood.TilePath(full))
	if err != nil {
		return nil, err
	}
	if tile.L >= 0 {
		return data[:tile.W*tlog.HashSize], nil
	}
	rest := data
	for range tile.W {
		if _, rest, err = torchwood.ReadTileEntry(rest); err != nil {
			return nil, err
		}
	}
	return data[:len(data)-len(rest)], nil
}

func (directory) SaveTiles([]tlog.Tile, [][]byte) {}

func verifiers(file string) (note.Verifiers, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var keys []note.Verifier
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		keys = append(keys, key)
	}
	return note.VerifierList(keys...), nil
}

func openCheckpoint(signed []byte, keys note.Verifiers) (torchwood.Checkpoint, error) {
	opened, err := note.Open(signed, keys)
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	return torchwood.ParseCheckpoint(opened.Text)
}

type seen struct {
	file string
	torchwood.Checkpoint
}

// All of them, the smallest first; none is of another log.
func openAll(files []string, keys note.Verifiers) ([]seen, error) {
	var all []seen
	for _, file := range files {
		signed, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		checkpoint, err := openCheckpoint(signed, keys)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(all) > 0 && checkpoint.Origin != all[0].Origin {
			return nil, fmt.Errorf("%s is of %s, not of %s", file, checkpoint.Origin, all[0].Origin)
		}
		all = append(all, seen{file, checkpoint})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].N < all[j].N })
	return all, nil
}

// Every entry against the tree; and for some of them, or all, a proof as an auditor would ask for it.
func checkEntries(log directory, tree tlog.Tree) (entries, proofs int64, err error) {
	ctx := context.Background()
	client, err := torchwood.NewClient(log)
	if err != nil {
		return 0, 0, err
	}
	step := max(1, tree.N/proofsMost)
	for entries < tree.N {
		before := entries
		for index, entry := range client.Entries(ctx, tree, entries) {
			if index != entries {
				return entries, proofs, fmt.Errorf("entry %d comes behind %d entries", index, entries)
			}
			entries++
			if index%step != 0 {
				continue
			}
			found, proof, err := client.Entry(ctx, tree, index)
			if err != nil {
				return entries, proofs, err
			}
			if string(found) != string(entry) {
				return entries, proofs, fmt.Errorf("entry %d is read in two ways", index)
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				return entries, proofs, fmt.Errorf("entry %d: %w", index, err)
			}
			proofs++
		}
		if err := client.Err(); err != nil {
			return entries, proofs, err
		}
		if entries == before {
			return entries, proofs, fmt.Errorf("the entries end at %d of %d", entries, tree.N)
		}
	}
	return entries, proofs, nil
}

func checkPairs(log directory, all []seen) (pairs int, err error) {
	newest := all[len(all)-1].Tree
	hashes := torchwood.TileHashReaderWithContext(context.Background(), newest, log)
	for i, older := range all {
		for _, newer := range all[i+1:] {
			pairs++
			if older.N == 0 {
				continue // extended by every log
			}
			proof, err := tlog.ProveTree(newer.N, older.N, hashes)
			if err == nil {
				err = tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash)
			}
			if err != nil {
				return pairs, fmt.Errorf("%s (%d entries) and %s (%d entries): %w", older.file, older.N, newer.file, newer.N, err)
			}
		}
	}
	return pairs, nil
}

func checkLog(keyFile, folder string, checkpoints []string) error {
	keys, err := verifiers(keyFile)
	if err != nil {
		return err
	}
	own := filepath.Join(folder, "checkpoint")
	all, err := openAll(append([]string{own}, checkpoints...), keys)
	if err != nil {
		return err
	}
	newest := all[len(all)-1]
	entries, proofs, err := checkEntries(directory(folder), newest.Tree)
	if err != nil {
		return err
	}
	pairs, err := checkPairs(directory(folder), all)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d entries are what was signed, %d proofs of inclusion, %d pairs of checkpoints are consistent\n",
		newest.Origin, entries, proofs, pairs)
	return nil
}

// c2sp.org/tlog-proof
func parseProof(text string) (index int64, proof tlog.RecordProof, checkpoint string, err error) {
	body, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(body, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, nil, "", errors.New("this is no tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return 0, nil, "", errors.New("it has no index")
	}
	if index, err = strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64); err != nil {
		return 0, nil, "", err
	}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, "", err
		}
		proof = append(proof, hash)
	}
	return index, proof, checkpoint, nil
}

func checkProof(file, keyFile, record string) error {
	keys, err := verifiers(keyFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(record)
	if err != nil {
		return err
	}
	index, proof, signed, err := parseProof(string(text))
	if err != nil {
		return err
	}
	checkpoint, err := openCheckpoint([]byte(signed), keys)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("%s: %s is entry %d of %d\n", checkpoint.Origin, record, index, checkpoint.N)
	return nil
}

func main() {
	proof := flag.String("proof", "", "a .tlog-proof")
	flag.Parse()
	words := flag.Args()
	var err error
	switch {
	case *proof != "" && len(words) == 2:
		err = checkProof(*proof, words[0], words[1])
	case *proof == "" && len(words) >= 2:
		err = checkLog(words[0], words[1], words[2:])
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
