// A filter as people write it first: correct, and slow.
#include "fir.hpp"

template <int N>
static sum_t dot(const sample_t window[N], const sample_t taps[N]) {
  sum_t sum = 0;
MAC:
  for (int i = 0; i < N; i++) sum += window[i] * taps[i];
  return sum;
}

void fir(const sample_t in[SAMPLES], const sample_t taps[TAPS], sum_t out[SAMPLES]) {
  sample_t window[TAPS];
CLEAR:
  for (int i = 0; i < TAPS; i++) window[i] = 0;
FILTER:
  for (int n = 0; n < SAMPLES; n++) {
  SHIFT:
    for (int i = TAPS - 1; i > 0; i--) window[i] = window[i - 1];
    window[0] = in[n];
    out[n] = dot<TAPS>(window, taps);
  }
}
