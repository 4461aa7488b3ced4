package report

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/words"
)

// boardNote returns what differs in a panel of a dashboard from Grafana.
func (w wording) boardNote(n board.Note) string {
	text := printable(n.Text)
	some := func(format string) string {
		return fmt.Sprintf(format, words.Thousands(n.Count), words.Thousands(n.Total))
	}
	switch n.Code {
	case board.NoteSeries:
		return fmt.Sprintf(w.NoteSeries, words.Thousands(n.Count), words.Thousands(n.Total), text)
	case board.NoteCurves:
		return some(w.NoteCurves)
	case board.NotePoints:
		return fmt.Sprintf(w.NotePoints, words.Thousands(n.Count))
	case board.NoteTiles:
		return some(w.NoteFigures)
	case board.NoteRows:
		return some(w.NoteRows)
	case board.NoteColumns:
		return some(w.NoteColumns)
	case board.NoteRuns:
		return some(w.NoteRuns)
	case board.NoteBuckets:
		return some(w.NoteBuckets)
	case board.NoteText:
		return some(w.NoteBlocks)
	case board.NoteFrames:
		return fmt.Sprintf(w.NoteFrames, words.Thousands(n.Total))
	case board.NoteHidden:
		return w.NoteHidden.Of(n.Count)
	case board.NotePictures:
		return w.NotePictures.Of(n.Count)
	}
	return w.plainBoardNote(n.Code, text)
}

// plainBoardNote returns the words of a note that has no numbers. An unknown code, which only a
// file from outside can have, is returned as it is.
func (w wording) plainBoardNote(code board.Code, text string) string {
	switch code {
	case board.NoteAxes:
		return fmt.Sprintf(w.NoteUnit, text)
	case board.NoteStep:
		return fmt.Sprintf(w.NoteTransformation, text)
	case board.NoteProperty:
		return fmt.Sprintf(w.NoteOverride, text)
	case board.NoteDetail:
		return text
	case board.NoteGrids:
		return w.NoteSteps
	case board.NoteNoTime:
		return w.NoteNoTime
	case board.NoteCalculated:
		return w.NoteBucketsCounted
	case board.NoteThresholds:
		return w.NoteThresholdEnds
	case board.NoteColorScheme:
		return w.NoteColours
	case board.NoteHTML:
		return w.NoteHTML
	}
	return printable(string(code) + " " + text)
}
