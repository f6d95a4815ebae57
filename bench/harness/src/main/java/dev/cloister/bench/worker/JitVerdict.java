package dev.cloister.bench.worker;

/// What HotSpot's compilers made of a guest.
///
/// @param samples of the thread that calls the guest
/// @param interpreted those in which the JVM's interpreter executed the guest's code
/// @param failures compilations of it that were given up
/// @param failed why, and of which methods
/// @param slow the hot methods without code of the last compiler
public record JitVerdict(int samples, int interpreted, int failures, String failed, String slow) {
  /// {@return what the fields of an answer say}
  public static JitVerdict of(String[] fields) {
    return new JitVerdict(
        Integer.parseInt(fields[0]),
        Integer.parseInt(fields[1]),
        Integer.parseInt(fields[2]),
        fields[3],
        fields[4]);
  }

  /// {@return the fields of an answer}
  String toFields() {
    return String.join(
        "\t",
        String.valueOf(samples),
        String.valueOf(interpreted),
        String.valueOf(failures),
        failed.replaceAll("\\s+", " "),
        slow);
  }

  /// {@return the part of the thread's time in which the interpreter executed the guest's code}
  public double interpretedShare() {
    return samples == 0 ? 0 : (double) interpreted / samples;
  }
}
