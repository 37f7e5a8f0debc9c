# Completion of tasks and parameters in bash: source docs/examples/completion.bash
# Made from the code by docs/make_reference.py.
_hls_pipeline() {
    local current=${COMP_WORDS[COMP_CWORD]} words='GenerateDataset TrainHierarchicalMoE FineTune EvaluateTransfer RunActiveLearningLoop ValidateTopDesigns CompareSearches SampleConfigurations SynthesizeDesigns BuildGraph ImportHLSyn ImportReports BuildPacks Calibrate ValidateEstimator ExportDataset ListKernels DescribeKernel DescribeDesign Doctor' word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        GenerateDataset) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --kernels --source --backend --strategy --count --around --space --graphs --allow-partial' ;;
        TrainHierarchicalMoE) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --source --dataset --epochs --target --training --accelerator --kernels --without --mode --architecture --model-options --split --devices' ;;
        FineTune) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --source --dataset --epochs --target --training --accelerator --model --kernel --shots --shots-by --mode' ;;
        EvaluateTransfer) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --source --target-source --target-kernels --protocol --target --shots --shots-by --epochs --fine-tune-epochs --training --accelerator --dataset --least-designs --seeds --methods' ;;
        RunActiveLearningLoop) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --kernel --space --source --backend --batch --objective --weights --utilisation-limit --target-cycles --acquisition --surrogate --model --warm-start --warm-source --budget --top-k --use-cache --testbench-seconds --cosim' ;;
        ValidateTopDesigns) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --kernel --space --source --backend --batch --objective --weights --utilisation-limit --target-cycles --acquisition --surrogate --model --warm-start --warm-source --budget --top-k --use-cache --cosim' ;;
        CompareSearches) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --source --dataset --limit --folds --seeds --budget --batch --methods --kernels' ;;
        SampleConfigurations) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --kernel --space --source --backend --strategy --count --around' ;;
        SynthesizeDesigns) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --kernel --space --source --backend --strategy --count --around' ;;
        BuildGraph) words='--top --cflags --files --testbench --solution --name --sites --workspace --seed --kernel' ;;
        ImportHLSyn) words='--workspace --seed --path --url --source-prefix --source --dialect' ;;
        ImportReports) words='--top --cflags --files --testbench --solution --name --sites --workspace --seed --path --source --kernel --part --clock --tool-version --dialect' ;;
        BuildPacks) words='--part --clock --workspace --seed --kernels --count --output-folder' ;;
        Calibrate) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --source --kernels --designs --folds' ;;
        ValidateEstimator) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --source --kernels --designs --folds --reports' ;;
        ExportDataset) words='--top --cflags --files --testbench --solution --name --sites --workspace --seed --source --layout --kernels --backend --count --allow-partial' ;;
        ListKernels) words='--workspace --seed' ;;
        DescribeKernel) words='--top --cflags --files --testbench --solution --name --sites --workspace --seed --kernel --space' ;;
        DescribeDesign) words='--top --cflags --files --testbench --solution --name --sites --part --clock --workspace --seed --kernel --space --key' ;;
        Doctor) words='--workspace --seed' ;;
        esac
    done
    case ${COMP_WORDS[COMP_CWORD-1]} in
        --kernels|--path|--space|--settings) COMPREPLY=($(compgen -f -- "$current")) ;;
        --kernel) COMPREPLY=($(compgen -W "$(ls kernels 2>/dev/null)" -- "$current") $(compgen -f -- "$current")) ;;
        *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    esac
}
complete -F _hls_pipeline luigi hls-pipeline
