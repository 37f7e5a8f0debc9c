// A shift register of its own kind.
#pragma once
#include "ap_common.h"
template <class T, unsigned DEPTH = 32> class ap_shift_reg {
  public:
    ap_shift_reg() {}
    ap_shift_reg(const char *) {}
    T shift(T);
    T shift(T, unsigned, bool = true);
    T read(unsigned = DEPTH - 1) const;
};
