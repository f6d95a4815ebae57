// Direct calls and nothing else.
#include "bench.h"

NOINLINE static i32 fib(i32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

RUN { return fib(n); }
