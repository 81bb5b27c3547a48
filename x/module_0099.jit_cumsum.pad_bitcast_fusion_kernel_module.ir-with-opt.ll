; ModuleID = '__compute_module_pad_bitcast_fusion_kernel_module'
source_filename = "__compute_module_pad_bitcast_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @pad_bitcast_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !4
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  br label %7

7:                                                ; preds = %1, %102
  %8 = phi i64 [ 0, %1 ], [ %105, %102 ]
  %9 = shl nuw nsw i64 %8, 4
  %10 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %9
  %11 = load float, ptr %10, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %12 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %9
  store float %11, ptr %12, align 4, !alias.scope !9, !noalias !6
  %13 = or disjoint i64 %9, 1
  %14 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %13
  %15 = load float, ptr %14, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %16 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %13
  store float %15, ptr %16, align 4, !alias.scope !9, !noalias !6
  %17 = or disjoint i64 %9, 2
  %18 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %17
  %19 = load float, ptr %18, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %20 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %17
  store float %19, ptr %20, align 4, !alias.scope !9, !noalias !6
  %21 = or disjoint i64 %9, 3
  %22 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %21
  %23 = load float, ptr %22, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %24 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %21
  store float %23, ptr %24, align 4, !alias.scope !9, !noalias !6
  %25 = or disjoint i64 %9, 4
  %26 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %25
  %27 = load float, ptr %26, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %28 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %25
  store float %27, ptr %28, align 4, !alias.scope !9, !noalias !6
  %29 = or disjoint i64 %9, 5
  %30 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %29
  %31 = load float, ptr %30, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %32 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %29
  store float %31, ptr %32, align 4, !alias.scope !9, !noalias !6
  %33 = or disjoint i64 %9, 6
  %34 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %33
  %35 = load float, ptr %34, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %36 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %33
  store float %35, ptr %36, align 4, !alias.scope !9, !noalias !6
  %37 = or disjoint i64 %9, 7
  %38 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %37
  %39 = load float, ptr %38, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %40 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %37
  store float %39, ptr %40, align 4, !alias.scope !9, !noalias !6
  %41 = or disjoint i64 %9, 8
  %42 = icmp samesign ult i64 %41, 72
  br i1 %42, label %43, label %46

43:                                               ; preds = %7
  %44 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %41
  %45 = load float, ptr %44, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %46

46:                                               ; preds = %43, %7
  %47 = phi float [ %45, %43 ], [ 0.000000e+00, %7 ]
  %48 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %41
  store float %47, ptr %48, align 4, !alias.scope !9, !noalias !6
  %49 = or disjoint i64 %9, 9
  %50 = icmp samesign ult i64 %49, 72
  br i1 %50, label %51, label %54

51:                                               ; preds = %46
  %52 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %49
  %53 = load float, ptr %52, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %54

54:                                               ; preds = %51, %46
  %55 = phi float [ %53, %51 ], [ 0.000000e+00, %46 ]
  %56 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %49
  store float %55, ptr %56, align 4, !alias.scope !9, !noalias !6
  %57 = or disjoint i64 %9, 10
  %58 = icmp samesign ult i64 %57, 72
  br i1 %58, label %59, label %62

59:                                               ; preds = %54
  %60 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %57
  %61 = load float, ptr %60, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %62

62:                                               ; preds = %59, %54
  %63 = phi float [ %61, %59 ], [ 0.000000e+00, %54 ]
  %64 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %57
  store float %63, ptr %64, align 4, !alias.scope !9, !noalias !6
  %65 = or disjoint i64 %9, 11
  %66 = icmp samesign ult i64 %65, 72
  br i1 %66, label %67, label %70

67:                                               ; preds = %62
  %68 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %65
  %69 = load float, ptr %68, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %70

70:                                               ; preds = %67, %62
  %71 = phi float [ %69, %67 ], [ 0.000000e+00, %62 ]
  %72 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %65
  store float %71, ptr %72, align 4, !alias.scope !9, !noalias !6
  %73 = or disjoint i64 %9, 12
  %74 = icmp samesign ult i64 %73, 72
  br i1 %74, label %75, label %78

75:                                               ; preds = %70
  %76 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %73
  %77 = load float, ptr %76, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %78

78:                                               ; preds = %75, %70
  %79 = phi float [ %77, %75 ], [ 0.000000e+00, %70 ]
  %80 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %73
  store float %79, ptr %80, align 4, !alias.scope !9, !noalias !6
  %81 = or disjoint i64 %9, 13
  %82 = icmp samesign ult i64 %81, 72
  br i1 %82, label %83, label %86

83:                                               ; preds = %78
  %84 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %81
  %85 = load float, ptr %84, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %86

86:                                               ; preds = %83, %78
  %87 = phi float [ %85, %83 ], [ 0.000000e+00, %78 ]
  %88 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %81
  store float %87, ptr %88, align 4, !alias.scope !9, !noalias !6
  %89 = or disjoint i64 %9, 14
  %90 = icmp samesign ult i64 %89, 72
  br i1 %90, label %91, label %94

91:                                               ; preds = %86
  %92 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %89
  %93 = load float, ptr %92, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %94

94:                                               ; preds = %91, %86
  %95 = phi float [ %93, %91 ], [ 0.000000e+00, %86 ]
  %96 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %89
  store float %95, ptr %96, align 4, !alias.scope !9, !noalias !6
  %97 = or disjoint i64 %9, 15
  %98 = icmp samesign ult i64 %97, 72
  br i1 %98, label %99, label %102

99:                                               ; preds = %94
  %100 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %97
  %101 = load float, ptr %100, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  br label %102

102:                                              ; preds = %99, %94
  %103 = phi float [ %101, %99 ], [ 0.000000e+00, %94 ]
  %104 = getelementptr inbounds nuw [4 x i8], ptr %6, i64 %97
  store float %103, ptr %104, align 4, !alias.scope !9, !noalias !6
  %105 = add nuw nsw i64 %8, 1
  %exitcond.not = icmp eq i64 %105, 5
  br i1 %exitcond.not, label %pad_bitcast_fusion_wrapped.exit, label %7, !llvm.loop !11

pad_bitcast_fusion_wrapped.exit:                  ; preds = %102
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 1}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 288}
!5 = !{i64 320}
!6 = !{!7}
!7 = distinct !{!7, !8, !"pad_bitcast_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"pad_bitcast_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"pad_bitcast_fusion_wrapped: argument 1"}
!11 = distinct !{!11, !12}
!12 = !{!"llvm.loop.unroll.disable"}
