// For test benches: what kernels use of video stands in hls_video.h.
#pragma once
#include "hls_video.h"
