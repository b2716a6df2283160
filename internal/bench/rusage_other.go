//go:build !linux

package bench

import (
	"errors"
	"time"
)

func resetPeak() {}

// peakMB is not known here.
func peakMB() float64 { return 0 }

func forgetPeak(int) {}

func peakOf(string) float64 { return 0 }

// loadAverage is not known here.
func loadAverage() float64 { return 0 }

func cpuOf(int) (time.Duration, error) {
	return 0, errors.New("the processor time of another process is only read on Linux")
}
