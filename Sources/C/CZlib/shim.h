#pragma once
#include <zlib.h>

// A macro, which Swift cannot see.
static inline int flotilla_inflate_init(z_stream *stream) { return inflateInit(stream); }
