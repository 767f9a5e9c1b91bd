namespace ExBurn;

/// <summary>Runs long work on a thread of its own, so that it does not occupy the pool; continuations run elsewhere.</summary>
internal static class DedicatedThread
{
    // Native code runs on it; some systems give new threads very little (musl: 128 KiB).
    private const int StackBytes = 16 * 1024 * 1024;

    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(Body, StackBytes) { IsBackground = true, Name = "ExBurn training" };
        thread.Start();
        return completion.Task;

        void Body()
        {
            try
            {
                completion.SetResult(work());
            }
            catch (OperationCanceledException error) when (error.CancellationToken == cancellationToken && cancellationToken.IsCancellationRequested)
            {
                completion.TrySetCanceled(cancellationToken);
            }
#pragma warning disable CA1031 // whatever it is belongs to whoever awaits the task
            catch (Exception error)
#pragma warning restore CA1031
            {
                completion.SetException(error);
            }
        }
    }
}
