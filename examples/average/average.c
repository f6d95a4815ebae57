// The average of the numbers from `from` to `to`; traps if there are none. Compiled with line
// numbers, so that the trap's stack names this file:
//
//   clang --target=wasm32 -O1 -gdwarf-5 -nostdlib -ffile-prefix-map="$PWD"=. \
//     -Wl,--no-entry -o average.wasm average.c

__attribute__((noinline)) static int divide(int sum, int count) {
  return sum / count;
}

__attribute__((export_name("average"))) int average(int from, int to) {
  int sum = 0;
  int count = 0;
  for (int number = from; number <= to; number++) {
    sum += number;
    count++;
  }
  return divide(sum, count);
}
