#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// Threads that may block, which a task may not.
public enum Threads {
  /// Runs `body` on a thread of its own.
  public static func start(_ body: @escaping @Sendable () -> Void) { Libc.startThread(body) }
}

/// Hands values from one thread to another, in order.
public final class ThreadQueue<Element: Sendable>: @unchecked Sendable {
  private var elements: [(element: Element, weight: Int)] = []
  private var head = 0
  private var weight = 0
  private let room: Int
  private var isClosed = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// - Parameter room: the weight that may wait; a sender of more waits itself.
  public init(room: Int = .max) {
    self.room = room
    mutex.initialize(to: pthread_mutex_t())
    changed.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Does nothing when the queue is closed.
  public func send(_ element: Element, weight: Int = 1) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while self.weight > 0, self.weight + weight > room, !isClosed { pthread_cond_wait(changed, mutex) }
    guard !isClosed else { return }
    elements.append((element, weight))
    self.weight += weight
    pthread_cond_broadcast(changed)
  }

  /// Waits for the next one; nil when the queue is closed and empty.
  public func receive() -> Element? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == elements.count, !isClosed { pthread_cond_wait(changed, mutex) }
    guard head < elements.count else { return nil }
    let next = elements[head]
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: true)
      head = 0
    }
    weight -= next.weight
    pthread_cond_broadcast(changed)
    return next.element
  }

  /// Nothing more is taken; what waits can still be received.
  public func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
