// An HTTP handler by CGI, without a C library: a WASI command that is given the request in its
// environment and on standard input, and writes header lines, an empty line and the body.
//
//   clang --target=wasm32 -Os -nostdlib -Wl,--strip-all -o pages.wasm pages.c
//
// …/plugins/pages/http/          greets whoever the query names
// …/plugins/pages/http/request   shows what the handler was given
// …/plugins/pages/http/teapot    answers another status
// …/plugins/pages/http/move      sends the client elsewhere
// …/plugins/pages/http/repeat    answers what the body says, header lines and all
// …/plugins/pages/http/fail      ends with an exit code, and a line in the log
// anything else                  404

#define WASI(name) \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) int name
WASI(args_sizes_get)(int *count, int *size);
WASI(args_get)(char **arguments, char *buffer);
WASI(environ_sizes_get)(int *count, int *size);
WASI(environ_get)(char **variables, char *buffer);
WASI(fd_read)(int descriptor, void *vectors, int count, int *size);
WASI(fd_write)(int descriptor, const void *vectors, int count, int *size);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"), noreturn))
void proc_exit(int code);

enum { MAX_WORDS = 256, MAX_BYTES = 65536 };

static char *arguments[MAX_WORDS], *variables[MAX_WORDS];
static char argument_bytes[MAX_BYTES], variable_bytes[MAX_BYTES], body[MAX_BYTES];
static int argument_count, variable_count;

static int length(const char *text) {
  int n = 0;
  while (text[n]) n++;
  return n;
}

static void write_bytes(int descriptor, const char *bytes, int size) {
  while (size > 0) {
    struct { const char *bytes; int size; } vector = {bytes, size};
    int written;
    if (fd_write(descriptor, &vector, 1, &written) != 0) proc_exit(74);
    bytes += written;
    size -= written;
  }
}

static void print(const char *text) {
  write_bytes(1, text, length(text));
}

static int read_body(void) {
  struct { char *bytes; int size; } vector = {body, sizeof body};
  int size;
  return fd_read(0, &vector, 1, &size) == 0 ? size : 0;
}

static const char *variable(const char *name) {
  int n = length(name);
  for (int i = 0; i < variable_count; i++) {
    int same = 0;
    while (same < n && variables[i][same] == name[same]) same++;
    if (same == n && variables[i][n] == '=') return variables[i] + n + 1;
  }
  return "";
}

static int equal(const char *one, const char *other) {
  while (*one && *one == *other) one++, other++;
  return *one == *other;
}

static void show_request(void) {
  print("content-type: text/plain; charset=utf-8\n\n");
  for (int i = 0; i < argument_count; i++) print("argument "), print(arguments[i]), print("\n");
  for (int i = 0; i < variable_count; i++) print(variables[i]), print("\n");
  print("\n");
  for (int size = read_body(); size > 0; size = read_body()) write_bytes(1, body, size);
}

static void repeat(void) {
  for (int size = read_body(); size > 0; size = read_body()) write_bytes(1, body, size);
}

static void greet(void) {
  const char *name = variable("QUERY_STRING");
  print("content-type: text/html; charset=utf-8\ncache-control: max-age=60\n\n<p>Hello, ");
  for (; *name; name++) {
    if (*name == '<') print("&lt;");
    else if (*name == '&') print("&amp;");
    else write_bytes(1, name, 1);
  }
  print("</p>\n");
}

static void fail(void) {
  static const char line[] = "this page always fails\n";
  write_bytes(2, line, sizeof line - 1);
  proc_exit(3);
}

void _start(void) {
  int size;
  args_sizes_get(&argument_count, &size);
  if (argument_count > MAX_WORDS || size > MAX_BYTES) proc_exit(7);
  args_get(arguments, argument_bytes);
  environ_sizes_get(&variable_count, &size);
  if (variable_count > MAX_WORDS || size > MAX_BYTES) proc_exit(7);
  environ_get(variables, variable_bytes);
  const char *path = variable("PATH_INFO");
  if (equal(path, "/")) greet();
  else if (equal(path, "/request")) show_request();
  else if (equal(path, "/teapot")) print("status: 418 I'm a teapot\r\ncontent-type: text/plain\r\n\r\nshort and stout\n");
  else if (equal(path, "/move")) print("location: /healthz\n\n");
  else if (equal(path, "/repeat")) repeat();
  else if (equal(path, "/fail")) fail();
  else print("status: 404\ncontent-type: text/plain\n\nno such page\n");
}
