// A pulse gives the taps back.
#include <cstdio>

#include "fir.hpp"

int main() {
  static sample_t in[SAMPLES], taps[TAPS];
  static sum_t out[SAMPLES];
  for (int i = 0; i < TAPS; i++) taps[i] = 3 * i - 40;
  in[5] = 1;
  fir(in, taps, out);
  for (int n = 0; n < SAMPLES; n++) {
    sum_t wanted = n >= 5 && n < 5 + TAPS ? 3 * (n - 5) - 40 : 0;
    if (out[n] != wanted) {
      std::printf("sample %d is wrong\n", n);
      return 1;
    }
  }
  std::printf("passed\n");
  return 0;
}
