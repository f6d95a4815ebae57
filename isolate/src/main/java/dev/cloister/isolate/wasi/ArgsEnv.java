package dev.cloister.isolate.wasi;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// `args_*` and `environ_*`: lists of NUL-terminated strings.
final class ArgsEnv {
  private static final int POINTER_BYTES = 4;

  private final List<byte[]> arguments;
  private final List<byte[]> environment;

  ArgsEnv(WasiConfig config) {
    arguments = config.arguments().stream().map(ArgsEnv::terminated).toList();
    environment =
        config.environment().entrySet().stream()
            .map(variable -> terminated(variable.getKey() + "=" + variable.getValue()))
            .toList();
  }

  int argsGet(GuestMemory memory, int pointers, int buffer) {
    return write(memory, arguments, pointers, buffer);
  }

  int argsSizesGet(GuestMemory memory, int count, int size) {
    return writeSizes(memory, arguments, count, size);
  }

  int environGet(GuestMemory memory, int pointers, int buffer) {
    return write(memory, environment, pointers, buffer);
  }

  int environSizesGet(GuestMemory memory, int count, int size) {
    return writeSizes(memory, environment, count, size);
  }

  private static int write(GuestMemory memory, List<byte[]> strings, int pointers, int buffer) {
    memory.check(pointers, strings.size() * POINTER_BYTES);
    memory.check(buffer, sizeBytes(strings));
    int pointer = pointers;
    int address = buffer;
    for (byte[] string : strings) {
      memory.setInt32(pointer, address);
      memory.write(address, string, 0, string.length);
      pointer += POINTER_BYTES;
      address += string.length;
    }
    return Errno.SUCCESS.code();
  }

  private static int writeSizes(GuestMemory memory, List<byte[]> strings, int count, int size) {
    memory.setInt32(count, strings.size());
    memory.setInt32(size, sizeBytes(strings));
    return Errno.SUCCESS.code();
  }

  private static int sizeBytes(List<byte[]> strings) {
    return strings.stream().mapToInt(string -> string.length).sum();
  }

  private static byte[] terminated(String text) {
    // A NUL inside would end the string early and shift nothing else, but it is never meant.
    return (text.replace("\0", "") + "\0").getBytes(StandardCharsets.UTF_8);
  }
}
