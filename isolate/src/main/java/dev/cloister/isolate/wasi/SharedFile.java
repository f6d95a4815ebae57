package dev.cloister.isolate.wasi;

/// A file of a [SharedFileSystem].
final class SharedFile extends SharedNode implements RegularFileNode {
  private final RegularFileNode file;

  SharedFile(SharedFileSystem fileSystem, RegularFileNode file) {
    super(fileSystem, file);
    this.file = file;
  }

  @Override
  public RegularFileNode open(boolean reads, boolean writes) {
    retain();
    return this;
  }

  @Override
  public long sizeBytes() {
    return fileSystem().locked(file::sizeBytes);
  }

  @Override
  public int read(long offset, byte[] into, int from, int length) {
    return fileSystem().locked(() -> file.read(offset, into, from, length));
  }

  @Override
  public int write(long offset, byte[] bytes, int from, int length) {
    return fileSystem().locked(() -> file.write(offset, bytes, from, length));
  }

  @Override
  public int append(byte[] bytes, int from, int length) {
    return fileSystem().locked(() -> file.append(bytes, from, length));
  }

  @Override
  public void changeSize(long sizeBytes) {
    run(() -> file.changeSize(sizeBytes));
  }

  @Override
  public void allocate(long offset, long length) {
    run(() -> file.allocate(offset, length));
  }
}
