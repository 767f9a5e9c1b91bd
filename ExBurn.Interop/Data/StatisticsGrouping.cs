namespace ExBurn;

/// <summary>Which elements of a row share one number of <see cref="DataStatistics"/>.</summary>
public enum StatisticsGrouping
{
    /// <summary>Each element of a row has its own: the columns of a table.</summary>
    PerFeature = 0,

    /// <summary>Elements that agree in the first dimension of a row: the channels of images [rows, channels, height, width].</summary>
    PerChannel = 1,

    /// <summary>All elements together.</summary>
    All = 2,
}
