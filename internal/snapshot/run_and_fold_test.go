package snapshot

import (
	"errors"
	"strconv"
	"testing"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// answer returns a query that passes n series through one buffer, like the client, and ends with
// err.
func answer(n int, err error) func(func(series.Series) error) (promapi.Meta, error) {
	return func(each func(series.Series) error) (promapi.Meta, error) {
		buf := make([]float64, 2)
		for i := range n {
			buf[0], buf[1] = float64(i), float64(-i)
			if err := each(
				series.Series{
					Labels: series.FromPairs("i", strconv.Itoa(i)), Values: buf,
				}); err != nil {
				return promapi.Meta{}, err
			}
		}
		return promapi.Meta{Series: n}, err
	}
}

func TestRunAndFoldFoldsEverySeriesInOrder(t *testing.T) {
	for _, n := range []int{
		0, 1, batchSeries - 1, batchSeries, batchSeries + 1, 10*batchSeries + 7,
	} {
		var got []string
		meta, err := runAndFold(answer(n, nil), func(s series.Series) {
			i := s.Labels.Get("i")
			if want := strconv.Itoa(int(s.Values[0])); i != want || s.Values[1] != -s.Values[0] {
				// not Fatalf: this is not the goroutine of the test
				t.Errorf("series %s: got the samples of series %s", i, want)
			}
			got = append(got, i)
		})
		if err != nil || meta.Series != n || len(got) != n ||
			n > 0 && got[n-1] != strconv.Itoa(n-1) {
			t.Errorf("got %d of %d series, error %v; want all in order", len(got), n, err)
		}
	}
}

func TestRunAndFoldReturnsErrorsAndPanics(t *testing.T) {
	cut := errors.New("cut off")
	if _, err := runAndFold(answer(100, cut), func(series.Series) {}); !errors.Is(err, cut) {
		t.Errorf("got error %v, want %v", err, cut)
	}
	var fault *panicError
	if _, err := runAndFold(answer(1000, nil), func(s series.Series) {
		panic(s.Labels.Get("i"))
	}); !errors.As(err, &fault) || fault.value != "0" {
		t.Errorf("got error %v, want the panic of the first series", err)
	}
}

// If the query itself panics, runAndFold folds what was passed on before it returns, and no
// goroutine folds on afterwards.
func TestRunAndFoldIsDoneWhenTheQueryPanics(t *testing.T) {
	const full = 10 * batchSeries
	folded := 0
	func() {
		defer func() {
			if r := recover(); r != "the client" {
				t.Errorf("got the panic %v, want that of the client", r)
			}
		}()
		_, _ = runAndFold(func(each func(series.Series) error) (promapi.Meta, error) {
			_, _ = answer(full, nil)(each)
			panic("the client")
		}, func(series.Series) { folded++ })
	}()
	if folded != full {
		t.Errorf("got %d of %d series folded on return, want all", folded, full)
	}
}
