#pragma once

const int TAPS = 32;
const int SAMPLES = 1024;

typedef short sample_t;
typedef long long sum_t;

void fir(const sample_t in[SAMPLES], const sample_t taps[TAPS], sum_t out[SAMPLES]);
