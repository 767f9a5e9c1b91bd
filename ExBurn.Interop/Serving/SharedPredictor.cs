namespace ExBurn.Serving;

/// <summary>A predictor of one or more servers; freed with the last of them where it is theirs.</summary>
internal sealed class SharedPredictor(Predictor predictor, bool isOwned)
{
    private int _users = 1;

    public Predictor Predictor => predictor;

    /// <exception cref="ObjectDisposedException">The last server is disposed.</exception>
    public SharedPredictor Share()
    {
        while (true)
        {
            var users = Volatile.Read(ref _users);
            if (users == 0)
                throw new ObjectDisposedException(nameof(ModelServer));
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
                return this;
        }
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0 && isOwned)
            predictor.Dispose();
    }
}
